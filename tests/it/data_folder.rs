//! The data folder: whose it is, what is left in it, and that it is the one which the next start
//! reads.

mod place;

use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use crate::program::{Running, Serving, foaf, limited, sqlite};

fn mode(path: &Path) -> u32 {
    let found = fs::symlink_metadata(path).expect("it is there");
    found.permissions().mode() & 0o777
}

/// The names in a folder, and the rights of each.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| {
        path.file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    let mut modes: Vec<_> = paths.map(|path| (name(&path), mode(&path))).collect();
    modes.sort();
    modes
}

#[test]
fn nobody_else_can_read_a_data_folder_whatever_the_umask() {
    for umask in ["umask 000", "umask 022", "umask 077"] {
        let place = tempfile::tempdir().expect("a folder");
        let data = place.path().join("new/data");
        let log = sqlite(&data);
        let serve = ["serve", "--log", &log, "--listen", "127.0.0.1:0"];
        let serving = Serving::of(Running::of(limited(umask, &serve)));
        assert_eq!(mode(&data), 0o700, "{umask}");
        let running = modes(&data);
        for name in ["foaf.db", "foaf.db-shm", "foaf.db-wal", "foaf.lock"] {
            assert!(
                running.iter().any(|(found, _)| found == name),
                "{running:?}"
            );
        }
        serving.signal("-TERM");
        serving.end();
        let stopped = modes(&data);
        let is_snapshot = |(name, _): &&(String, u32)| name.ends_with(".snapshot");
        assert_eq!(stopped.iter().filter(is_snapshot).count(), 2, "{stopped:?}");
        for (name, mode) in running.iter().chain(&stopped) {
            assert_eq!(mode, &0o600, "{umask}: {name}");
        }
    }
}

#[test]
fn a_restored_log_is_as_safe_and_a_folder_of_the_user_stays_as_it_is() {
    let place = tempfile::tempdir().expect("a folder");
    let (from, export) = (place.path().join("from"), place.path().join("log.jsonl"));
    let export = export.display().to_string();
    let list = place.path().join("club.txt");
    fs::write(&list, "1 2\n").expect("a file");
    let list = list.display().to_string();
    assert!(
        foaf(&["import", "--log", &sqlite(&from), &list])
            .status
            .success()
    );
    let exported = foaf(&["export", "--log", &sqlite(&from), "--events", &export]);
    assert!(exported.status.success(), "{exported:?}");
    let data = place.path().join("data");
    fs::create_dir(&data).expect("a folder");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o751)).expect("it is ours");
    let log = sqlite(&data);
    let arguments = ["import", "--log", &log, "--events", &export];
    let restored = limited("umask 000", &arguments)
        .output()
        .expect("it starts");
    assert!(restored.status.success(), "{restored:?}");
    assert_eq!(mode(&data), 0o751);
    let found = modes(&data);
    assert!(found.iter().any(|(name, _)| name == "foaf.db"), "{found:?}");
    for (name, mode) in found {
        assert_eq!(mode, 0o600, "{name}");
    }
}

#[test]
fn the_folder_of_snapshots_is_the_owners_too() {
    let place = tempfile::tempdir().expect("a folder");
    let kept = place.path().join("kept");
    let serve = [
        "serve",
        "--log",
        "memory:",
        "--listen",
        "127.0.0.1:0",
        "--snapshots",
        &kept.display().to_string(),
    ];
    let serving = Serving::of(Running::of(limited("umask 000", &serve)));
    assert_eq!(mode(&kept), 0o700);
    serving.signal("-TERM");
    serving.end();
}

/// What a killed process was writing is removed; what one writes that lives is not, nor anything else.
#[test]
fn what_a_killed_process_left_is_removed_at_the_next_start() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    let at = |name: &str| folder.join(name);
    fs::write(at(".writing-aB3dE6snapshot"), "half").expect("a file");
    fs::create_dir(at("restoring-aB3dE6")).expect("a folder");
    fs::write(at("restoring-aB3dE6/foaf.db"), "half").expect("a file");
    let others = [
        ".writing-a-letter",
        "restoring-notes.txt",
        "restoring-minerA/notes",
        "notes",
    ];
    fs::create_dir(at("restoring-minerA")).expect("a folder");
    for name in others {
        fs::write(at(name), "mine").expect("a file");
    }
    symlink("notes", at(".writing-linkedsnapshot")).expect("a link");
    symlink("notes", at("restoring-linked")).expect("a link");
    let alive = File::create(at(".writing-alive0snapshot")).expect("a file");
    alive.lock().expect("it is ours");

    let log = sqlite(folder);
    let serve = ["serve", "--log", &log, "--listen", "127.0.0.1:0"];
    let serving = Serving::start(&serve);
    assert!(!at(".writing-aB3dE6snapshot").exists());
    assert!(!at("restoring-aB3dE6").exists());
    for name in others {
        assert_eq!(fs::read(at(name)).expect("a file"), b"mine", "{name}");
    }
    assert!(at(".writing-alive0snapshot").exists(), "somebody writes it");
    assert!(at(".writing-linkedsnapshot").is_symlink() && at("restoring-linked").is_symlink());

    // Who comes second removes nothing of the owner's.
    fs::create_dir(at("restoring-later0")).expect("a folder");
    assert!(!foaf(&serve).status.success(), "it is taken");
    assert!(at("restoring-later0").exists());
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(0), "{said}");
    drop(alive);
    let serving = Serving::start(&serve);
    assert!(!at(".writing-alive0snapshot").exists() && !at("restoring-later0").exists());
    serving.signal("-TERM");
    serving.end();
}
