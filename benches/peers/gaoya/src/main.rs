//! gaoya: 126 MinHash values in 18 bands of 7, as unecho has them; a document goes if an earlier one that stayed has a
//! signature that agrees in 0.8 of its values.

use std::fs::{self, File};
use std::io::{BufWriter, Write};

use gaoya::minhash::{MinHashIndex, MinHasher, MinHasher32};
use rayon::prelude::*;

fn grams(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.windows(5).map(|window| window.join(" ")).collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, corpus, output, threads] = arguments.as_slice() else { panic!("INPUT OUTPUT THREADS") };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse().unwrap()).build_global().unwrap();
    let mut parts: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.sort();
    let texts: Vec<String> = parts.iter().map(|part| fs::read_to_string(part).unwrap()).collect();
    let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
    let hasher = MinHasher32::new(126);
    let sign = |line: &&str| {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        hasher.create_signature(grams(record["text"].as_str().unwrap()).iter())
    };
    let signatures: Vec<Vec<u32>> = lines.par_iter().map(sign).collect();
    let mut index = MinHashIndex::new(18, 7, 0.8);
    let mut out = BufWriter::new(File::create(output).unwrap());
    for (i, (line, signature)) in lines.iter().zip(signatures).enumerate() {
        if index.query(&signature).is_empty() {
            index.insert(i as u32, signature);
            writeln!(out, "{line}").unwrap();
        }
    }
    out.flush().unwrap();
}
