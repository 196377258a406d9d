//! Handles and names that are ones, and texts that are none: for the parser, and for the schemas.

/// Handles in their folded form.
pub(crate) fn handles() -> Vec<String> {
    let short = ["a", "7", "a.b_c-9", "annlee", "---", "con"];
    let mut all: Vec<String> = short.map(str::to_owned).into();
    all.push("x".repeat(64));
    all
}

/// What no folding makes a handle.
pub(crate) fn not_handles() -> Vec<String> {
    let short = [
        "",
        " ",
        "ann lee",
        " ann",
        "ann\n",
        "jürgen",
        "JÜRGEN",
        "ann@example",
        "ann/lee",
        "ann\0",
        "аnn",         // a Cyrillic а
        "\u{130}ann",  // a capital I with a dot folds to two characters
        "ａｎｎ",      // full width
        "x\u{301}",    // a combining accent
        "\u{202e}nna", // an override of the writing direction
    ];
    let mut all: Vec<String> = short.map(str::to_owned).into();
    all.extend(["x".repeat(65), "x".repeat(10_000), "\u{130}".repeat(64)]);
    all
}

/// Names of many scripts, each kept as it is given.
pub(crate) fn names() -> Vec<String> {
    let short = [
        "A",
        "Ann-Marie O’Neill",
        "Jürgen",
        "ὈΔΥΣΣΕΎΣ",
        "אברהם",
        "عبد\u{200f}الله", // a right-to-left mark is part of ordinary Arabic text
        "नरेन्द्र",
        "李小龍",
        "👩‍👩‍👧‍👦", // one picture, seven characters
        "x\u{301}",
        " Ann ",
        "Robert'); DROP TABLE users;--",
        "\"quoted\" \\ name",
    ];
    let mut all: Vec<String> = short.map(str::to_owned).into();
    all.extend(["x".repeat(100), "李".repeat(100), "😀".repeat(100)]);
    all
}

/// What looks blank: no name to give, though it could be read from a record.
pub(crate) fn blanks() -> Vec<String> {
    let short = [
        "\u{200b}",
        "\u{200d}",
        "\u{feff}",
        "\u{3164}",
        "\u{ad}",
        "\u{2800}",
        "\u{200e} \u{200f}",
        "\u{e0041}\u{e007f}",
        "\u{301}\u{308}",
        "\u{ffff}",
        "\u{10fffe}",
        "\u{fe0f}\u{20e3}",
    ];
    short.map(str::to_owned).into()
}

/// What is no name.
pub(crate) fn not_names() -> Vec<String> {
    let short = [
        "",
        " ",
        " \u{a0}\u{1680}\u{2003}\u{202f}\u{205f}\u{3000}", // white space of many scripts
        "\t",
        "Ann\nLee",
        "Ann\0",
        "Ann\u{7f}",
        "Ann\u{85}",       // a control character above ASCII
        "Ann\u{2028}Lee",  // a line separator
        "Ann\u{2029}Lee",  // a paragraph separator
        "\u{202e}eeL nnA", // overrides and isolates of the writing direction
        "Ann\u{202a}",
        "Ann\u{2066}",
        "Ann\u{2069}",
    ];
    let mut all: Vec<String> = short.map(str::to_owned).into();
    all.extend(["x".repeat(101), "李".repeat(101), "x".repeat(10_000)]);
    all
}
