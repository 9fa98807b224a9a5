//! The first byte says whether the rest is a ledger or a compressed ledger, and the state of the cleaned files beside it.
//! It is restored or refused: without panic, with nothing written outside the target, and with nothing at all if it is
//! refused; what is restored is what the ledger says.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use unecho::output::originals;
use unecho::{Error, restore};
use unecho_fuzz::{Choices, Sandbox};

/// The cleaned corpus that the seeds belong to: see `seeds/ledger`.
const CLEANED: [(&str, &[u8]); 3] = [
    ("a.txt", b"The first paragraph stays.\n"),
    ("sub/b.txt", b"Another one, \xff and its end.\n"),
    ("c.jsonl", b"{\"text\": \"x\"}\n"),
];

thread_local! {
    static SANDBOX: Sandbox = prepared();
}

fn prepared() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, bytes) in CLEANED {
        sandbox.write(format!("above/out/{name}"), bytes);
    }
    sandbox.write("above/beside", b"not to be touched");
    sandbox
}

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    let mut choices = Choices(data);
    let kind = choices.byte();
    let ledger = choices.0;
    let stored = if kind & 1 == 0 { zstd::encode_all(ledger, 1).expect("memory") } else { ledger.to_vec() };
    SANDBOX.with(|sandbox| {
        sandbox.write("above/out.unecho/ledger.jsonl.zst", &stored);
        let before = sandbox.tree("");
        let (out, back) = (sandbox.path("above/out"), sandbox.path("above/back"));
        let in_memory = originals(&out, &());
        match restore(&out, &back, false, &()) {
            Ok(restored) => {
                let files = sandbox.tree("above/back");
                let in_memory = in_memory.expect("it was restored");
                assert_eq!(in_memory.len() as u64, restored.files);
                assert!(files.len() <= in_memory.len());
                _ = fs::remove_dir_all(&back);
                _ = fs::remove_file(&back);
            }
            Err(error) => {
                assert!(!matches!(error, Error::Interrupted | Error::Nothing(_) | Error::Usage(_)));
                assert!(error.to_string().len() > 20, "a refusal says where and why: {error}");
                assert!(!back.exists(), "half a corpus was restored");
            }
        }
        assert!(sandbox.tree("") == before, "files were changed, or written outside: {:?}", sandbox.tree("").keys());
    });
});
