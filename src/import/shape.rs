//! What a file is that was given as an edge list: formats that hold numbers too are known by how they
//! begin, or by counts that fit what follows.
//!
//! Must never judge after anything was changed.

use super::edge_list::{Edge, Layout, start};

/// How formats begin (in small letters), what they are, and how to make an edge list of them.
const FORMATS: [(&[&str], &str, &str); 8] = [
    (
        &["%%matrixmarket"],
        "a Matrix Market file",
        "take away the lines with % and the line with the sizes after them, and import the rest with --columns 1,2",
    ),
    (
        &["*"],
        "a Pajek file",
        "keep only the lines after *Edges or *Arcs, and import them with --columns 1,2",
    ),
    (&["c ", "p "], "a DIMACS file", DIMACS),
    (&["<"], "XML, as GraphML and GEXF are", ONE_A_LINE),
    (&["{\"specversion"], "an exported log", "say --events FILE"),
    (&["{", "["], "JSON", ONE_A_LINE),
    (
        &["graph", "digraph", "strict", "creator"],
        "a GML or DOT file",
        ONE_A_LINE,
    ),
    (&["dl "], "a UCINET file", ONE_A_LINE),
];
const DIMACS: &str =
    "keep only the lines that begin with e or a, and import them with --columns 2,3";
const ONE_A_LINE: &str = "write each friendship on a line of its own, as two numbers";

/// What was seen of a file.
pub(super) struct Shape<'a> {
    layout: &'a Layout,
    /// The first line that is neither blank nor a comment.
    first: Option<First>,
    /// How many lines come after the first, but for comments.
    lines: u64,
    /// How many of them are not blank.
    filled: u64,
    /// How many columns these have together, and whether each is a number.
    words: u64,
    is_numbers: bool,
    max_word: u64,
    max_id: u64,
    /// The first line is one of these, or none.
    edges: u64,
    /// How many lines have not two columns.
    odd: u64,
}

struct First {
    line: u64,
    text: String,
    numbers: Vec<u64>,
    /// Why it is no edge.
    fault: Option<String>,
    /// What is wrong with a file that begins so, if that is no other format.
    odd: Option<String>,
}

impl<'a> Shape<'a> {
    pub(super) fn new(layout: &'a Layout) -> Self {
        Self {
            layout,
            first: None,
            lines: 0,
            filled: 0,
            words: 0,
            is_numbers: true,
            max_word: 0,
            max_id: 0,
            edges: 0,
            odd: 0,
        }
    }

    /// Looks at the next line and the edge on it. Says what is wrong with the file, if this line
    /// tells.
    pub(super) fn see(
        &mut self,
        line: u64,
        bytes: &[u8],
        edge: Option<&Edge>,
    ) -> Result<(), String> {
        let is_first = self.first.is_none();
        if let Some(Ok((from, to))) = edge {
            self.edges += 1;
            if !is_first {
                self.max_id = self.max_id.max(*from).max(*to);
            }
            if !is_first && self.layout.columns.is_none() {
                self.lines += 1;
                self.filled += 1;
                self.words += 2;
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            self.lines += 1;
            return Ok(());
        }
        if is_first {
            known(text, edge.is_none())?;
        }
        let Some(edge) = edge else {
            return Ok(());
        };
        let words: Vec<&str> = self.layout.words(text).collect();
        let numbers: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
        let is_odd = self.layout.columns.is_none() && words.len() != 2;
        self.odd += u64::from(is_odd);
        if is_first {
            self.lines = 0;
            self.first = Some(First {
                line,
                text: start(text),
                numbers,
                fault: edge.as_ref().err().cloned(),
                odd: is_odd.then(|| self.not_two(text, &words)),
            });
            return Ok(());
        }
        self.lines += 1;
        self.filled += 1;
        self.words += words.len() as u64;
        self.is_numbers &= numbers.len() == words.len();
        self.max_word = numbers.into_iter().fold(self.max_word, u64::max);
        Ok(())
    }

    /// What is wrong with the file as a whole, and on which line that is seen.
    pub(super) fn verdict(&self) -> Result<(), (u64, String)> {
        let Some(first) = &self.first else {
            return Ok(());
        };
        let what = if self.is_metis(&first.numbers) {
            format!(
                "this is a METIS file, not an edge list: after its sizes each line tells the neighbours of one vertex; {ONE_A_LINE}"
            )
        } else if self.are_counts(&first.numbers) {
            format!(
                "{:?} fits the counts of vertices and edges of what follows: put {:?} before it, or, if it is a friendship, put the line at the end",
                first.text, self.layout.comment
            )
        } else if let Some(odd) = &first.odd {
            odd.clone()
        } else if self.odd > self.edges {
            format!(
                "this is no edge list: {} lines have not two columns, and {} are a friendship; {ONE_A_LINE}",
                self.odd, self.edges
            )
        } else if let (0, Some(fault)) = (self.edges, &first.fault) {
            let words: Vec<&str> = self.layout.words(&first.text).collect();
            let fix = self.fix(&first.text, &words);
            format!("this is no edge list, no line is a friendship: {fault}; {fix}")
        } else {
            return Ok(());
        };
        Err((first.line, what))
    }

    /// Whether the first line tells n vertices, m edges and which weights there are, n lines follow
    /// (that of a vertex without neighbours is blank), and they have room for just that.
    fn is_metis(&self, first: &[u64]) -> bool {
        let (n, m, format, weights) = match *first {
            [n, m] => (n, m, 0, 1),
            [n, m, format] => (n, m, format, 1),
            [n, m, format, weights] => (n, m, format, weights),
            _ => return false,
        };
        let [sizes, of_vertices, of_edges] = [format / 100, format / 10 % 10, format % 10];
        let is_format = [sizes, of_vertices, of_edges].iter().all(|flag| *flag < 2);
        if !is_format || !self.is_numbers || !(self.filled..=self.lines).contains(&n) {
            return false;
        }
        let words = 2 * u128::from(m) * u128::from(1 + of_edges)
            + u128::from(n) * (u128::from(sizes) + u128::from(of_vertices * weights));
        let is_one_each = self.filled == n && self.words == 2 * n;
        let max = self.max_word.max(self.max_id);
        u128::from(self.words) == words && (format > 0 || (max <= n && !is_one_each))
    }

    /// Whether the first line tells n vertices and m edges, m lines follow, and their ids are those
    /// of n vertices: none is above n, and the highest not far below.
    fn are_counts(&self, first: &[u64]) -> bool {
        let [n, .., m] = *first else { return false };
        m > 0 && m == self.filled && (n / 2..=n).contains(&self.max_id)
    }

    fn not_two(&self, text: &str, words: &[&str]) -> String {
        let columns = match words.len() {
            1 => "1 column".to_owned(),
            count => format!("{count} columns"),
        };
        let fix = self.fix(text, words);
        format!(
            "two ids are wanted, not {columns} ({:?}): {fix}",
            start(text)
        )
    }

    /// What to do about a line that has not two ids.
    fn fix(&self, text: &str, words: &[&str]) -> String {
        let is_number = |word: &&str| word.parse::<f64>().is_ok();
        let separator = [',', ';', '|'].into_iter().find(|c| text.contains(*c));
        if let (None, Some(separator)) = (self.layout.separator, separator) {
            let has = |name| text.split(separator).any(|word| word.trim() == name);
            if has("from") && has("to") {
                return "say --friendships FILE for CSV".to_owned();
            }
            if has("handle") {
                return "say --users FILE for CSV".to_owned();
            }
            let more = text.split(separator).count() > 2;
            let columns = if more { " --columns 1,2" } else { "" };
            return format!("say --separator '{separator}'{columns}");
        }
        match words.len() {
            1 if words.iter().all(is_number) => {
                format!(
                    "put {:?} before the line if it tells a count",
                    self.layout.comment
                )
            }
            3.. => format!(
                "say --columns 1,2 if these are the ids of each line, and put {:?} before the line if it tells counts",
                self.layout.comment
            ),
            _ => ONE_A_LINE.to_owned(),
        }
    }
}

/// Refuses a line that a known format begins with.
fn known(text: &str, is_comment: bool) -> Result<(), String> {
    let lower = format!("{} ", start(text).to_lowercase());
    let begins = |begin: &&str| lower.starts_with(begin);
    let mut formats = FORMATS.iter();
    if let Some((_, what, fix)) = formats.find(|(words, ..)| words.iter().any(begins)) {
        return Err(format!("this is {what}, not an edge list: {fix}"));
    }
    if text.starts_with('%') && !is_comment {
        let text = start(text);
        return Err(format!(
            "{text:?} is no friendship: say --comment % if it is a comment"
        ));
    }
    Ok(())
}
