// SPDX-License-Identifier: GPL-2.0

//! The desired state: the document `milspec.config/1`, as people write it.
//!
//! What is wrong with it has a place in it: the first error is told, with line and column.

use crate::change::{Assignment, Change, LEAVE};
use crate::failure::{Exit, Failure, Result};
use crate::json::{fault, shown, Fault, Place, Token, Tokens};
use crate::model::{mode_word, Control, MODES};
use crate::refusal::near;
use milspec_uapi::{MODE_NONE, MODE_PARANOID_PLUS};
use nix::errno::Errno;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.config/1";

/// The keys of the document.
const KEYS: [&str; 4] = ["schema", "about", "mode", "controls"];

/// More than any such document has.
const LENGTH_MAX: u64 = 1 << 20;

/// Text with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Placed {
    at: Place,
    text: String,
}

/// The document, as it stands in its file.
#[derive(Debug)]
pub struct Config {
    file: String,
    document: Document,
}

/// What the keys of the document hold.
#[derive(Debug, Default)]
struct Document {
    schema: Option<Placed>,
    about: Option<Placed>,
    mode: Option<Placed>,
    controls: Vec<(Placed, Placed)>,
}

impl Config {
    /// Reads the file; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self> {
        let (file, text) = text(path)?;
        let document = Reader::new(&text)
            .document()
            .map_err(|fault| fault.failure(&file))?;
        Ok(Self { file, document })
    }

    /// What to call the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What it says of itself.
    pub fn about(&self) -> Option<String> {
        let about = self.document.about.as_ref();
        about.map(|about| shown(&about.text))
    }

    /// What it asks of a machine with these controls.
    pub fn change(&self, controls: &[Control]) -> Result<Change> {
        let change = || -> std::result::Result<Change, Fault> {
            Ok(Change {
                mode: self.mode_number()?,
                assignments: self.assignments(controls)?,
                leaves: true,
                ..Change::default()
            })
        };
        change().map_err(|fault| fault.failure(&self.file))
    }

    fn mode_number(&self) -> std::result::Result<u8, Fault> {
        let Some(mode) = &self.document.mode else {
            return Ok(MODE_NONE);
        };
        let names = MODES.map(mode_word);
        let Some(number) = MODES.into_iter().find(|n| mode_word(*n) == mode.text) else {
            return fault(
                mode.at,
                format!("there is no mode \"{}\"", shown(&mode.text)),
                did_you_mean(&mode.text, names.iter().map(AsRef::as_ref), "the modes are"),
            );
        };
        match self.document.controls.first() {
            Some((name, _)) if number == MODE_PARANOID_PLUS => fault(
                name.at,
                "mode paranoid-plus takes no exceptions",
                "leave \"controls\" empty, or choose mode paranoid",
            ),
            _ => Ok(number),
        }
    }

    fn assignments(&self, controls: &[Control]) -> std::result::Result<Vec<Assignment>, Fault> {
        let all = self.document.controls.iter();
        all.map(|(name, value)| {
            let Some(control) = controls.iter().find(|c| c.name == name.text) else {
                return fault(
                    name.at,
                    format!("this machine has no control \"{}\"", shown(&name.text)),
                    match near(&name.text, controls).as_slice() {
                        [] => "\"milspecctl control list\" shows all names".into(),
                        near => format!("did you mean {}?", near.join(", ")),
                    },
                );
            };
            let mut values: Vec<&str> = control.values.iter().map(|v| v.name.as_str()).collect();
            values.push(LEAVE);
            if !values.contains(&value.text.as_str()) {
                return fault(
                    value.at,
                    format!("{} has no value \"{}\"", control.name, shown(&value.text)),
                    did_you_mean(&value.text, values.into_iter(), "its values are"),
                );
            }
            Ok(Assignment {
                name: name.text.clone(),
                value: value.text.clone(),
            })
        })
        .collect()
    }
}

/// The one name that is near, or all of them.
fn did_you_mean<'a>(
    wrong: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    all_are: &str,
) -> String {
    let wrong = wrong.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&wrong, name);
    match names.clone().min_by_key(|name| distance(name)) {
        Some(name) if distance(name) <= 1 + wrong.chars().count() / 4 => {
            format!("did you mean \"{name}\"?")
        }
        _ => format!("{all_are} {}", names.collect::<Vec<_>>().join(", ")),
    }
}

/// Name and text of a file.
fn text(path: &Path) -> Result<(String, String)> {
    let name = match path.to_str() {
        Some("-") => "standard input".to_string(),
        _ => shown(&path.to_string_lossy()),
    };
    let unreadable = |error: io::Error| Failure {
        code: "config-unreadable",
        exit: Exit::Failed,
        errno: error.raw_os_error().map(Errno::from_raw),
        what: format!("cannot read {name}"),
        why: match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".into(),
            io::ErrorKind::PermissionDenied => "its permissions forbid it".into(),
            io::ErrorKind::IsADirectory => "it is a directory".into(),
            _ => "reading it failed".into(),
        },
        next: "name a file that you can read, or - for standard input".into(),
    };
    let mut bytes = Vec::new();
    let input: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(path).map_err(unreadable)?),
    };
    // One byte more than allowed shows that there is more.
    input
        .take(LENGTH_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LENGTH_MAX {
        return Err(Failure {
            code: "config-invalid",
            exit: Exit::Failed,
            errno: None,
            what: format!("{name} is too long"),
            why: "it has more than 1 MiB, which no such document has".into(),
            next: "name a document like that of \"milspecctl config export\"".into(),
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(error.as_bytes().get(..good).unwrap_or_default());
            let line = before.rsplit('\n').next().unwrap_or_default();
            let fault = Fault {
                at: Place {
                    line: 1 + before.matches('\n').count(),
                    column: 1 + line.chars().count(),
                },
                why: "what stands here is not UTF-8 text".into(),
                next: "save it as UTF-8; is it the right file?".into(),
            };
            Err(fault.failure(&name))
        }
    }
}

type Parsed<T> = std::result::Result<T, Fault>;

/// Reads the document.
struct Reader<'a> {
    tokens: Tokens<'a>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            tokens: Tokens::new(text),
        }
    }

    fn document(mut self) -> Parsed<Document> {
        let mut document = Document::default();
        let at = self.object("the document", &mut |reader, key| {
            match key.text.as_str() {
                "schema" => document.schema = Some(reader.string("\"schema\"", None)?),
                "about" => document.about = Some(reader.string("\"about\"", None)?),
                "mode" => document.mode = reader.string_or_null()?,
                "controls" => document.controls = reader.controls()?,
                unknown => {
                    return fault(
                        key.at,
                        format!("there is no key \"{}\" here", shown(unknown)),
                        did_you_mean(unknown, KEYS.into_iter(), "the keys are"),
                    )
                }
            }
            Ok(())
        })?;
        match self.tokens.take()? {
            (_, Token::End) => {}
            (at, token) => {
                return fault(
                    at,
                    format!("after the end of the document comes {}", token.in_words()),
                    "remove it: a file holds one document",
                )
            }
        }
        match &document.schema {
            Some(Placed { text, .. }) if text == SCHEMA => Ok(document),
            Some(Placed { text, at }) => fault(
                *at,
                format!("milspecctl does not know the schema \"{}\"", shown(text)),
                format!("write \"{SCHEMA}\", or update milspecctl"),
            ),
            None => fault(
                at,
                "the document does not say what it is",
                format!("add the key \"schema\" with \"{SCHEMA}\""),
            ),
        }
    }

    fn controls(&mut self) -> Parsed<Vec<(Placed, Placed)>> {
        let mut controls = Vec::new();
        self.object("\"controls\"", &mut |reader, name| {
            let value = reader.string(&format!("\"{}\"", shown(&name.text)), None)?;
            controls.push((name, value));
            Ok(())
        })?;
        Ok(controls)
    }

    /// An object of which `member` reads the value of each key; where it begins.
    fn object(
        &mut self,
        what: &str,
        member: &mut dyn FnMut(&mut Self, Placed) -> Parsed<()>,
    ) -> Parsed<Place> {
        let begins = match self.tokens.take()? {
            (at, Token::Sign('{')) => at,
            (at, Token::End) => {
                return fault(
                    at,
                    format!("{what} is missing"),
                    "begin with what \"milspecctl config export\" prints",
                )
            }
            (at, token) => {
                return fault(
                    at,
                    format!("{what} is {}, which is no object", token.in_words()),
                    "write names and values between { and }",
                )
            }
        };
        let mut keys: Vec<String> = Vec::new();
        let mut comma = None;
        loop {
            let key = match (self.tokens.take()?, comma) {
                ((_, Token::Sign('}')), None) => return Ok(begins),
                ((_, Token::Sign('}')), Some(at)) => {
                    return fault(
                        at,
                        "nothing comes after this comma but \"}\"",
                        "remove the comma: JSON takes none after the last entry",
                    )
                }
                ((at, Token::Text(text)), _) => Placed { at, text },
                ((at, token), _) => {
                    return fault(
                        at,
                        format!("a name is expected here, and not {}", token.in_words()),
                        "write the name in double quotes, or close with \"}\"",
                    )
                }
            };
            if keys.contains(&key.text) {
                return fault(
                    key.at,
                    format!("\"{}\" stands here a second time", shown(&key.text)),
                    "keep one of the two",
                );
            }
            keys.push(key.text.clone());
            self.sign(':', "a colon")?;
            member(self, key)?;
            comma = match self.tokens.take()? {
                (_, Token::Sign('}')) => return Ok(begins),
                (at, Token::Sign(',')) => Some(at),
                (at, token) => {
                    return fault(
                        at,
                        format!("a comma is missing before {}", token.in_words()),
                        "put a comma between two entries, and \"}\" after the last",
                    )
                }
            };
        }
    }

    fn sign(&mut self, sign: char, name: &str) -> Parsed<()> {
        match self.tokens.take()? {
            (_, Token::Sign(found)) if found == sign => Ok(()),
            (at, token) => fault(
                at,
                format!("{name} is missing before {}", token.in_words()),
                format!("write {name} between name and value"),
            ),
        }
    }

    fn string_or_null(&mut self) -> Parsed<Option<Placed>> {
        match self.tokens.take()? {
            (_, Token::Word(word)) if word == "null" => Ok(None),
            token => self.string("\"mode\"", Some(token)).map(Some),
        }
    }

    /// A string, for the key `what`.
    fn string(&mut self, what: &str, token: Option<(Place, Token)>) -> Parsed<Placed> {
        match token.map_or_else(|| self.tokens.take(), Ok)? {
            (at, Token::Text(text)) => Ok(Placed { at, text }),
            (at, Token::Word(word)) => fault(
                at,
                format!("{what} is {}, without quotes", shown(&word)),
                "write a name in double quotes",
            ),
            (at, token) => fault(
                at,
                format!("{what} is {}, which is no name", token.in_words()),
                "write a name in double quotes",
            ),
        }
    }
}
