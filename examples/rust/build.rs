//! Finds libprovenlog: in PROVENLOG_LIB_DIR if that is set, else where pkg-config says.
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
        // The linker may still know where it is; if not, this says what to do.
        _ => println!(
            "cargo:warning=pkg-config does not find provenlog: set PKG_CONFIG_PATH or PROVENLOG_LIB_DIR"
        ),
    }
}
