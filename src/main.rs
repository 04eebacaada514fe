//! The `recipack` command.

fn main() -> std::process::ExitCode {
    recipack::cli::run()
}
