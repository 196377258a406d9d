//! The `foaf` program: parse, start, wait for the signal, exit code.

use std::process::ExitCode;

/// The allocator of the program: many small rows live long here, and it keeps them close.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    foaf::cli::run(&std::env::args_os().collect::<Vec<_>>())
}
