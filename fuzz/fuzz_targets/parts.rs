//! The first byte says what the rest is: a part of a run folder or a manifest, as it is or with the digest that it should
//! have, so that what comes behind the digest is reached. It is read or refused, without panic; what was read is written,
//! and read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use unecho::Plan;
use unecho::resume::disk::Checksum;
use unecho::resume::{Columns, Manifest, Part};
use unecho_fuzz::Choices;

fuzz_target!(|data: &[u8]| {
    let mut choices = Choices(data);
    match choices.below(4) {
        0 => read_part(choices.0.to_vec()),
        1 => read_part([choices.0, &Checksum::of(choices.0).digest.to_ne_bytes()].concat()),
        2 => read_manifest(choices.0),
        _ => read_manifest(&sealed(choices.0)),
    }
});

fn read_part(bytes: Vec<u8>) {
    let Some(mut columns) = Columns::parse(bytes.clone()) else { return };
    let mut all: Vec<Vec<u8>> = Vec::new();
    while !columns.is_empty() {
        all.push(columns.take().expect("every column is one of bytes"));
    }
    assert!(columns.take::<u8>().is_none());
    let mut part = Part::default();
    all.iter().for_each(|column| part.push(column));
    let written = part.to_bytes();
    assert_eq!(written.len(), bytes.len());
    let mut again = Columns::parse(written).expect("what was written can be read");
    assert!(all.iter().all(|column| again.take::<u8>().as_ref() == Some(column)) && again.is_empty());
    read_numbers::<u32>(&bytes);
    read_numbers::<u128>(&bytes);
    read_numbers::<[u32; 3]>(&bytes);
    for documents in [0, 3, all.first().map_or(0, Vec::len)] {
        read_plan(&bytes, documents);
    }
}

/// Columns of wider numbers are all there, or refused.
fn read_numbers<T: bytemuck::Pod>(bytes: &[u8]) {
    let mut columns = parsed(bytes);
    while !columns.is_empty() {
        drop(columns.take::<T>());
    }
}

/// A plan that was read can be written, and is the same when it is read again.
fn read_plan(bytes: &[u8], documents: usize) {
    let Some(plan) = Plan::take_from(&mut parsed(bytes), documents) else { return };
    let written = plan_bytes(&plan);
    let again = Plan::take_from(&mut parsed(&written), documents).expect("what was written can be read");
    // a similarity need not be a number: then the plan is not equal to itself, but its bytes are
    assert!(plan_bytes(&again) == written, "a plan changes when it is written again");
    drop(plan.groups());
}

fn plan_bytes(plan: &Plan) -> Vec<u8> {
    let mut part = Part::default();
    plan.push_to(&mut part);
    part.to_bytes()
}

fn parsed(bytes: &[u8]) -> Columns {
    Columns::parse(bytes.to_vec()).expect("it was read before")
}

/// A manifest with this in it, if it is text.
fn sealed(run: &[u8]) -> Vec<u8> {
    let digest = Checksum::of(run).hex();
    [format!("{{\"digest\":\"{digest}\",\"run\":").as_bytes(), run, b"}"].concat()
}

fn read_manifest(json: &[u8]) {
    let manifest = match Manifest::parse(json) {
        Ok(manifest) => manifest,
        Err(reason) => return assert!(!reason.is_empty()),
    };
    let written = serde_json::to_vec(&manifest).expect("it was JSON");
    assert_eq!(Manifest::parse(&sealed(&written)), Ok(manifest), "a manifest changes when it is written again");
}
