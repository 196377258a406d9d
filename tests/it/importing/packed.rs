//! Files that are packed: gzip with all that may follow it is read, other kinds are named with what
//! unpacks them.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::{assert_parts, assert_refused, file, import};

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).expect("in memory");
    packed.finish().expect("in memory")
}

#[test]
fn gzip_in_parts_and_zeros() {
    let folder = tempfile::tempdir().expect("a folder");
    // More zeros than any buffer has room for, and a member that ends within a line.
    let parts = [
        gzip("1 2\n2 "),
        gzip(""),
        gzip("3\n"),
        vec![0; 100_000],
        gzip("3 4\n"),
        vec![0; 512],
    ];
    let path = file(folder.path(), "tape.txt.gz", parts.concat());
    let (code, said) = import(folder.path(), &[&path]);
    assert_eq!(code, Some(0), "{said}");
    assert_parts(&said, &["users: 4 new", "friendships: 3 new"]);
    let users = [gzip("handle,firstName\nada,Ada\n"), vec![0; 1]].concat();
    let users = file(folder.path(), "people.csv.gz", users);
    let (code, said) = import(folder.path(), &["--users", &users]);
    assert_eq!(code, Some(0), "{said}");
    assert_parts(&said, &["users: 1 new"]);
}

#[test]
fn gzip_that_is_damaged_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = gzip("1 2\n2 3\n");
    let cut = file(folder.path(), "cut.gz", &whole[..whole.len() - 9]);
    assert_refused(folder.path(), &[&cut], &["cut.gz", "cannot be read"]);
    let more = [&whole[..], &[0, 0], b"3 4\n"].concat();
    let more = file(folder.path(), "more.gz", more);
    assert_refused(
        folder.path(),
        &[&more],
        &["more.gz, line 3 cannot be read", "neither zeros nor gzip"],
    );
}

/// The first bytes count: a name can say anything.
#[test]
fn what_is_packed_otherwise_is_named_with_its_tool() {
    let folder = tempfile::tempdir().expect("a folder");
    let tar = [&b"club.txt"[..], &[0; 249], b"ustar\x0000", &[0; 248]].concat();
    for (packed, what, tool) in [
        (&b"BZh91AY&SY\x00"[..], "bzip2", "bunzip2"),
        (b"\x28\xb5\x2f\xfd\x24\x08", "zstd", "unzstd"),
        (b"PK\x03\x04\x14\x00", "zip", "unzip"),
        (b"PK\x05\x06\x00\x00", "zip", "unzip"),
        (b"\xfd7zXZ\x00\x00", "xz", "unxz"),
        (&tar, "tar", "tar -xf"),
        (
            &gzip(std::str::from_utf8(&tar).expect("ASCII")),
            "tar",
            "tar -xf",
        ),
        (b"\xff\xfe1\x00 \x002\x00\n\x00", "UTF-16", "iconv"),
    ] {
        let path = file(folder.path(), "club.txt", packed);
        for option in [
            None,
            Some("--users"),
            Some("--friendships"),
            Some("--events"),
        ] {
            let arguments: Vec<&str> = option.into_iter().chain([&*path]).collect();
            assert_refused(folder.path(), &arguments, &["club.txt is ", what, tool]);
        }
    }
}
