//! Builds the playground page, so that the binary carries it and one file is all there is to install.
//!
//! `ui/` is copied to `OUT_DIR` and built there by npm; `src/http/playground.rs` embeds the result, `OUT_DIR/ui`. Where
//! npm is missing or fails (offline, say), and where `FOAF_SKIP_UI=1` asks for it, the plain page `ui/plain.html`
//! takes its place, in the same layout: `index.html`, and `assets/` with hashed names.
//!
//! It must never write to the source tree, and never make a build fail for want of npm or of a network.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, id};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=FOAF_SKIP_UI");
    let mut sources = Vec::new();
    list_sources(Path::new("ui"), &mut sources)?;
    sources.sort();

    let out_dir = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let page = out_dir.join("ui");
    remove_dir(&page)?;

    if env::var("FOAF_SKIP_UI").is_ok_and(|value| value == "1") {
        return write_plain_page(&page);
    }
    match bundle(&sources, &out_dir) {
        Ok(bundle) => copy_dir(&bundle, &page),
        Err(reason) => {
            println!(
                "cargo::warning=the playground could not be built, so a plain query page is embedded instead: {reason} \
                 (`touch build.rs` tries again, FOAF_SKIP_UI=1 silences this)"
            );
            write_plain_page(&page)
        }
    }
}

/// Every file of `ui/` but what npm puts there, each announced to cargo.
fn list_sources(dir: &Path, sources: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.ends_with("node_modules") || path.ends_with("dist") {
            continue;
        }
        if path.is_dir() {
            // For files that are yet to come. Not `ui` itself: cargo would look through node_modules, too.
            println!("cargo::rerun-if-changed={}", path.display());
            list_sources(&path, sources)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            sources.push(path);
        }
    }
    Ok(())
}

/// Where the built page is. An earlier build of the same sources serves again, also one of another cargo profile.
fn bundle(sources: &[PathBuf], out_dir: &Path) -> Result<PathBuf, String> {
    let shared = shared_dir(out_dir).join("foaf-ui");
    let bundle = shared.join(hash(sources).map_err(|e| e.to_string())?);
    if bundle.join("index.html").is_file() {
        return Ok(bundle);
    }

    let work = out_dir.join("ui-build");
    let built = build(sources, &work).and_then(|dist| {
        // Two profiles may build at once, hence the rename: nobody sees half a bundle, and either of two will do.
        let unfinished = shared.join(format!("unfinished-{}", id()));
        copy_dir(&dist, &unfinished)
            .and_then(|()| {
                fs::rename(&unfinished, &bundle).or_else(|error| {
                    remove_dir(&unfinished)?;
                    if bundle.join("index.html").is_file() {
                        Ok(())
                    } else {
                        Err(error)
                    }
                })
            })
            .map_err(|e| e.to_string())
    });
    // node_modules is a quarter of a gigabyte. When it stays behind, the next build clears it away.
    let _ = remove_dir(&work);
    built.map(|()| bundle)
}

fn build(sources: &[PathBuf], work: &Path) -> Result<PathBuf, String> {
    let copy = || -> io::Result<()> {
        remove_dir(work)?;
        for source in sources {
            copy_file(source, &work.join(source))?;
        }
        Ok(())
    };
    copy().map_err(|e| e.to_string())?;

    let ui = work.join("ui");
    // `--include=dev`: also under NODE_ENV=production. The limits: a cut-off machine learns it within a minute.
    npm(
        &ui,
        "ci --include=dev --ignore-scripts --no-audit --no-fund --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=60000",
    )?;
    npm(&ui, "run build")?;
    let dist = ui.join("dist");
    if dist.join("index.html").is_file() {
        Ok(dist)
    } else {
        Err("`npm run build` left no index.html".into())
    }
}

fn npm(dir: &Path, arguments: &str) -> Result<(), String> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program)
        .args(arguments.split(' '))
        .current_dir(dir)
        .output()
        .map_err(|error| format!("{program} does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<_> = said
        .lines()
        .filter(|line| line.contains("error"))
        .take(3)
        .collect();
    let command = arguments.split(" --").next().unwrap_or_default();
    Err(format!("`npm {command}` failed: {}", said.join("; ")))
}

/// `ui/plain.html`, its script moved to a file: the page's security policy is the same for both pages, and forbids
/// scripts inside a page.
fn write_plain_page(page: &Path) -> io::Result<()> {
    let html = fs::read_to_string("ui/plain.html")?;
    let (before, rest) = html
        .split_once("<script>")
        .expect("plain.html has a script");
    let (script, after) = rest.split_once("</script>").expect("the script ends");
    let mut hasher = DefaultHasher::new();
    script.hash(&mut hasher);
    let name = format!("assets/plain-{:016x}.js", hasher.finish());

    fs::create_dir_all(page.join("assets"))?;
    fs::write(page.join(&name), script)?;
    fs::write(
        page.join("index.html"),
        format!("{before}<script type=\"module\" src=\"/{name}\"></script>{after}"),
    )
}

/// The target directory, which all profiles share and `cargo clean` removes. Cargo marks it with a file; where the mark
/// is missing, the profile keeps to itself.
fn shared_dir(out_dir: &Path) -> &Path {
    out_dir
        .ancestors()
        .take(6)
        .find(|dir| dir.join("CACHEDIR.TAG").is_file())
        .unwrap_or(out_dir)
}

fn hash(sources: &[PathBuf]) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    include_str!("build.rs").hash(&mut hasher);
    for source in sources {
        source.hash(&mut hasher);
        fs::read(source)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            copy_file(&entry.path(), &target)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(dir) = to.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::copy(from, to).map(drop)
}

fn remove_dir(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
