//! The source files, and what of them is program and what is test.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file of Rust.
pub(super) struct Source {
    /// From the top of the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// Every file under `src` and `tests`.
pub(super) fn sources() -> impl Iterator<Item = Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    collect(&root.join("tests"), &mut files);
    assert!(files.len() > 50, "the files were found");
    files.sort();
    files.into_iter().map(move |file| {
        let path = file.strip_prefix(root).expect("below the root");
        Source {
            path: path.to_str().expect("text").replace('\\', "/"),
            text: fs::read_to_string(&file).expect("the file can be read"),
        }
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    /// The program: without comments, and without what is compiled for tests only.
    pub(super) fn code(&self) -> String {
        self.part(false)
    }

    /// The tests, without comments.
    pub(super) fn tests(&self) -> String {
        self.part(true)
    }

    fn part(&self, of_tests: bool) -> String {
        let all_tests = self.path.starts_with("tests/");
        let mut in_tests = false;
        let mut part = String::with_capacity(self.text.len());
        for line in self.text.lines() {
            in_tests |= line == "#[cfg(test)]";
            if (all_tests || in_tests) == of_tests {
                part.push_str(without_comment(line));
                part.push('\n');
            }
            // An item at the margin ends at the margin: rustfmt sees to that.
            if line == "}" || line.ends_with(';') && !line.starts_with(' ') {
                in_tests = false;
            }
        }
        part
    }
}

/// A comment begins with two slashes, unless a colon stands before them: that is a URL.
fn without_comment(line: &str) -> &str {
    let mut comments = line.match_indices("//");
    let comment = comments.find(|(place, _)| !line[..*place].ends_with(':'));
    comment.map_or(line, |(place, _)| &line[..place])
}

#[test]
fn what_is_compiled_for_tests_is_told_from_the_program() {
    let source = |path: &str| Source {
        path: path.to_owned(),
        text:
            "fn a() {} // b\nlet url = \"x://c\";\n#[cfg(test)]\nmod d {\n    e();\n}\nfn f() {}\n"
                .to_owned(),
    };
    let program = source("src/x.rs");
    assert_eq!(
        program.code(),
        "fn a() {} \nlet url = \"x://c\";\nfn f() {}\n"
    );
    assert_eq!(program.tests(), "#[cfg(test)]\nmod d {\n    e();\n}\n");
    assert_eq!(source("tests/x.rs").code(), "");
}
