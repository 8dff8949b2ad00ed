//! Finds libprovenlog in the folder PROVENLOG_LIB_DIR, or with pkg-config if that variable is not set.
use std::env;
use std::process::Command;

fn main() {
    for variable in ["PROVENLOG_LIB_DIR", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={}", variable);
    }
    println!("cargo:rustc-link-lib=dylib=provenlog");
    if let Ok(folder) = env::var("PROVENLOG_LIB_DIR") {
        println!("cargo:rustc-link-search=native={}", folder);
        return;
    }
    let found = Command::new("pkg-config").args(["--libs-only-L", "provenlog"]).output();
    match found {
        Ok(output) if output.status.success() => {
            for flag in String::from_utf8_lossy(&output.stdout).split_whitespace() {
                if let Some(folder) = flag.strip_prefix("-L") {
                    println!("cargo:rustc-link-search=native={}", folder);
                }
            }
        }
        // Only a warning: the linker may find the library in its default folders.
        _ => println!(
            "cargo:warning=pkg-config cannot find provenlog; set PKG_CONFIG_PATH or PROVENLOG_LIB_DIR"
        ),
    }
}
