//! The command `unecho`; everything is in [`unecho::cli`].

fn main() -> std::process::ExitCode {
    unecho::cli::main()
}
