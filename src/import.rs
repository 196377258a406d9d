//! Import: people and friendships from files become commands, pipelined; users first.
//!
//! What the state already holds is skipped without a command, so a second import changes nothing.
//! Must never write but through the command handler.

mod csv_files;
mod edge_list;
mod events;
mod file;
mod item;
mod lines;
mod run;
mod shape;
mod summary;

use std::{
    io::BufRead,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Result, bail};
use uuid::{Builder, Uuid};

use crate::{
    domain::{Field, Handle, Name, Profile, UserId, UserState},
    generate::SocialGraph,
};

use file::open;

pub use edge_list::Layout;
pub use events::Events;
pub use run::{Stage, Step, Target, run};
pub use summary::{Count, Refused, Summary, Understood};

/// So many refused lines, and it is the wrong file.
const MAX_REFUSED: usize = 100_000;

/// What to import, and under which name.
pub struct Source {
    name: String,
    kind: Kind,
    /// What [`Self::check`] has read, for the import that follows.
    surveyed: Mutex<Option<Survey>>,
}

enum Kind {
    EdgeList(PathBuf, Layout),
    Csv {
        users: Option<Input>,
        friendships: Option<Input>,
    },
    Generated(SocialGraph),
}

/// A file, or a text that the program carries.
enum Input {
    File(PathBuf),
    Text(&'static str, &'static str),
}

/// What there is to import, but for the friendships one by one.
#[derive(Default)]
struct Survey {
    users: Vec<NewUser>,
    friendships: u64,
    refused: Refusals,
}

/// A user to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NewUser {
    line: u64,
    id: UserId,
    profile: Profile,
    state: UserState,
    /// Whether the file means whoever has the handle, the id being made from it.
    by_handle: bool,
}

/// A friendship to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NewFriendship {
    line: u64,
    from: Person,
    to: Person,
}

/// A friendship, or a line that is none and why.
type Row = Result<NewFriendship, (u64, String)>;

/// How a file names a user.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Person {
    Id(UserId),
    Handle(Handle),
}

impl Source {
    /// An edge list, two ids a line; the name is the file's without its endings, unless given.
    ///
    /// # Errors
    /// If the name cannot be part of a handle.
    pub fn edge_list(file: PathBuf, name: Option<String>) -> Result<Self> {
        Self::edge_list_laid_out(file, name, Layout::default())
    }

    /// An edge list of that layout.
    ///
    /// # Errors
    /// If the name cannot be part of a handle.
    pub fn edge_list_laid_out(file: PathBuf, name: Option<String>, layout: Layout) -> Result<Self> {
        let name = checked_name(name, &file)?;
        Ok(Self::new(name, Kind::EdgeList(file, layout)))
    }

    fn new(name: String, kind: Kind) -> Self {
        let surveyed = Mutex::default();
        Self {
            name,
            kind,
            surveyed,
        }
    }

    /// CSV files; the name is that of the first file without its endings, unless given.
    ///
    /// # Errors
    /// If there is no file, or the name cannot be part of a handle.
    pub fn csv_files(
        users: Option<PathBuf>,
        friendships: Option<PathBuf>,
        name: Option<String>,
    ) -> Result<Self> {
        let Some(first) = users.as_ref().or(friendships.as_ref()) else {
            bail!(
                "nothing to import: name a FILE with an edge list, or CSV files with --users and --friendships"
            );
        };
        let name = checked_name(name, first)?;
        let kind = Kind::Csv {
            users: users.map(Input::File),
            friendships: friendships.map(Input::File),
        };
        Ok(Self::new(name, kind))
    }

    /// CSV texts that the program carries.
    #[must_use]
    pub fn csv_text(name: &'static str, users: &'static str, friendships: &'static str) -> Self {
        let kind = Kind::Csv {
            users: Some(Input::Text("users", users)),
            friendships: Some(Input::Text("friendships", friendships)),
        };
        Self::new(name.to_owned(), kind)
    }

    /// People and friendships that were generated.
    #[must_use]
    pub fn generated(graph: SocialGraph) -> Self {
        Self::new("generated".to_owned(), Kind::Generated(graph))
    }

    /// Reads the files as a whole, and says what an import would take them for. Asks no log who is
    /// there already.
    ///
    /// # Errors
    /// The file, what is wrong, and what is wanted.
    pub fn check(&self) -> Result<Understood> {
        let (format, columns) = match &self.kind {
            Kind::EdgeList(_, layout) => ("edge list", vec![layout.describe()]),
            Kind::Csv { users, friendships } => {
                let columns = csv_files::columns(users.as_ref(), friendships.as_ref())?;
                ("CSV", columns)
            }
            Kind::Generated(_) => ("generated", Vec::new()),
        };
        let survey = self.survey()?;
        let understood = Understood {
            format,
            columns,
            name: self.name.clone(),
            users: survey.users.len() as u64,
            friendships: survey.friendships,
            refused: survey.refused.lines.len() as u64,
            first_refused: survey.refused.lines.first().cloned(),
        };
        *self.surveyed.lock().unwrap_or_else(PoisonError::into_inner) = Some(survey);
        Ok(understood)
    }

    /// What [`Self::check`] has read, or reads it now.
    fn surveyed(&self) -> Result<Survey> {
        let mut surveyed = self.surveyed.lock().unwrap_or_else(PoisonError::into_inner);
        surveyed.take().map_or_else(|| self.survey(), Ok)
    }

    /// Reads the users, counts the friendships, and refuses what is neither.
    fn survey(&self) -> Result<Survey> {
        let mut survey = Survey::default();
        match &self.kind {
            Kind::EdgeList(file, layout) => return edge_list::survey(&self.name, file, layout),
            Kind::Csv { users, .. } => {
                if let Some(users) = users {
                    survey.users = csv_files::users(&self.name, users, &mut survey.refused)?;
                }
                for row in self.rows()? {
                    match row? {
                        Ok(_) => survey.friendships += 1,
                        Err((line, reason)) => {
                            let file = self.file(Stage::Friendships);
                            survey.refused.add(&file, line, reason)?;
                        }
                    }
                }
            }
            Kind::Generated(graph) => {
                let users = (0..graph.users()).map(|number| generated(graph, number));
                survey.users = users.collect();
                survey.friendships = graph.friendships().len() as u64;
            }
        }
        Ok(survey)
    }

    /// Reads the friendships one by one, but for what is to be refused.
    fn friendships(&self) -> Result<impl Iterator<Item = Result<NewFriendship>>> {
        Ok(self
            .rows()?
            .filter_map(|row| row.map(Result::ok).transpose()))
    }

    fn rows(&self) -> Result<Box<dyn Iterator<Item = Result<Row>> + '_>> {
        Ok(match &self.kind {
            Kind::EdgeList(file, layout) => {
                Box::new(edge_list::friendships(&self.name, file, layout)?)
            }
            Kind::Csv {
                friendships: None, ..
            } => Box::new(std::iter::empty()),
            Kind::Csv {
                friendships: Some(friendships),
                ..
            } => Box::new(csv_files::friendships(friendships)?),
            Kind::Generated(graph) => {
                let person = |number| Person::Id(UserId(graph.uuid(number)));
                let friendships = (1..).zip(graph.friendships());
                Box::new(friendships.map(move |(line, (from, to))| {
                    Ok(Ok(NewFriendship {
                        line,
                        from: person(from),
                        to: person(to),
                    }))
                }))
            }
        })
    }

    /// What to call the files of a stage.
    fn file(&self, stage: Stage) -> String {
        let input = |input: &Option<Input>| input.as_ref().map(Input::name).unwrap_or_default();
        match (&self.kind, stage) {
            (Kind::EdgeList(file, _), _) => file.display().to_string(),
            (Kind::Generated(_), _) => self.name.clone(),
            (Kind::Csv { users, .. }, Stage::Users | Stage::Suspensions) => input(users),
            (Kind::Csv { friendships, .. }, _) => input(friendships),
        }
    }
}

/// A generated person, whose handle and names are valid ones.
fn generated(graph: &SocialGraph, number: u32) -> NewUser {
    const VALID: &str = "a valid name";
    let person = graph.person(number);
    NewUser {
        line: u64::from(number) + 1,
        id: UserId(person.uuid),
        profile: Profile {
            handle: Handle::parse(&person.handle).expect(VALID),
            first_name: Name::parse(person.first_name, Field::FirstName).expect(VALID),
            last_name: Some(Name::parse(person.last_name, Field::LastName).expect(VALID)),
        },
        state: UserState::Active,
        by_handle: false,
    }
}

impl Input {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Text(name, _) => (*name).to_owned(),
        }
    }

    fn open(&self) -> Result<Box<dyn BufRead + Send>> {
        match self {
            Self::File(path) => open(path),
            Self::Text(_, text) => Ok(Box::new(text.as_bytes())),
        }
    }
}

/// The lines refused so far.
#[derive(Default)]
struct Refusals {
    lines: Vec<Refused>,
}

impl Refusals {
    fn add(&mut self, file: &str, line: u64, reason: impl Into<String>) -> Result<()> {
        if self.lines.len() == MAX_REFUSED {
            bail!(
                "{file}: more than {MAX_REFUSED} lines were refused, is this the right file? The first: line {}: {}",
                self.lines[0].line,
                self.lines[0].reason
            );
        }
        self.lines.push(Refused {
            file: file.to_owned(),
            line,
            reason: reason.into(),
        });
        Ok(())
    }
}

/// The name of a data set: part of handles.
fn checked_name(name: Option<String>, file: &Path) -> Result<String> {
    let stem = || {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        name.split('.').next().unwrap_or_default().to_owned()
    };
    let name = name.unwrap_or_else(stem);
    match Handle::parse(&name) {
        Ok(handle) if handle.as_str().len() <= 40 => Ok(handle.as_str().to_owned()),
        _ => bail!(
            "{name:?} cannot be the beginning of a handle (up to 40 of a-z 0-9 . _ -); name the data set with --name"
        ),
    }
}

/// The ids of a data set.
struct Ids([u8; 8]);

impl Ids {
    fn of(name: &str) -> Self {
        let hash = blake3::hash(name.as_bytes());
        let (high, _) = hash.as_bytes().split_first_chunk().expect("32 bytes");
        Self(*high)
    }

    /// A `UUIDv8`: the high bits are a hash of the name, the low 62 bits are given.
    fn uuid(&self, low: u64) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0);
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}
