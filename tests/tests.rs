//! Everything that `unecho` promises, tried from outside: the command as a user runs it, and the library as a program
//! calls it. One binary, so that it is linked once; the themes are in `suite/`.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod suite {
    pub(crate) mod common;
    pub(crate) mod naive;
    pub(crate) mod planted;
    pub(crate) mod schema;

    mod accepted;
    mod bench;
    mod check;
    mod ci_docs;
    mod ci_formats;
    mod compared;
    mod configuration;
    mod defects;
    mod edits;
    mod errors;
    mod faults;
    mod files;
    mod fuzz_targets;
    mod hard;
    mod help;
    mod html;
    mod interrupts;
    mod keep;
    mod layers;
    mod memory;
    mod oracle;
    mod passages;
    mod plan;
    mod properties;
    mod readers;
    mod real;
    mod reports;
    mod resume;
    mod runs;
    mod sample;
    mod saved;
    mod synth;
}
