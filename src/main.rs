//! The command `unecho`; everything is in [`unecho::cli`].

/// What does not fit into the memory that the user allows goes to disk.
#[global_allocator]
static ALLOCATOR: unecho::memory::Spilling = unecho::memory::Spilling;

fn main() -> std::process::ExitCode {
    unecho::cli::main()
}
