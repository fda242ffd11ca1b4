// SPDX-License-Identifier: GPL-2.0

//! JSON that people write, token by token, so that every error can say where it is. What programs
//! write is read with `serde_json`.

use crate::failure::{Exit, Failure};

/// Where something stands: both from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// What is wrong, and where.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where it begins.
    pub at: Place,
    /// What is wrong.
    pub why: String,
    /// What to do about it.
    pub next: String,
}

impl Fault {
    /// In the three parts that every error has.
    pub fn failure(self, file: &str) -> Failure {
        let Place { line, column } = self.at;
        Failure {
            code: "config-invalid",
            exit: Exit::Failed,
            errno: None,
            what: format!("{file} is wrong in line {line}, column {column}"),
            why: self.why,
            next: self.next,
        }
    }
}

/// Shortens making one.
pub fn fault<T>(at: Place, why: impl Into<String>, next: impl Into<String>) -> Result<T, Fault> {
    Err(Fault {
        at,
        why: why.into(),
        next: next.into(),
    })
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// One of `{}[]:,`.
    Sign(char),
    /// A string, without its quotes.
    Text(String),
    /// A number, `true`, `false`, `null`; or what should have been in quotes.
    Word(String),
    /// Nothing more.
    End,
}

impl Token {
    /// For people.
    pub fn in_words(&self) -> String {
        match self {
            Self::Sign(sign) => format!("\"{sign}\""),
            Self::Text(text) => format!("the string \"{}\"", shown(text)),
            Self::Word(word) => shown(word),
            Self::End => "the end".into(),
        }
    }
}

/// Text of a file, so that no terminal acts on it.
pub fn shown(text: &str) -> String {
    text.chars().flat_map(char::escape_debug).collect()
}

/// Takes a text apart.
pub struct Tokens<'a> {
    rest: &'a str,
    here: Place,
}

impl<'a> Tokens<'a> {
    /// At the start.
    pub fn new(text: &'a str) -> Self {
        Self {
            // Some editors write a mark of the byte order, which no reader sees.
            rest: text.strip_prefix('\u{FEFF}').unwrap_or(text),
            here: Place { line: 1, column: 1 },
        }
    }

    /// The next token, and where it begins.
    pub fn take(&mut self) -> Result<(Place, Token), Fault> {
        while self.rest.starts_with([' ', '\t', '\r', '\n']) {
            self.skip();
        }
        let at = self.here;
        let Some(first) = self.rest.chars().next() else {
            return Ok((at, Token::End));
        };
        let token = match first {
            '{' | '}' | '[' | ']' | ':' | ',' => {
                self.skip();
                Token::Sign(first)
            }
            '"' => self.text()?,
            '/' | '#' => {
                return fault(
                    at,
                    "a comment begins here, and JSON has none",
                    "remove it: the key \"about\" takes a note",
                )
            }
            '\'' => {
                return fault(
                    at,
                    "a string stands in single quotes",
                    "write it in double quotes",
                )
            }
            _ => self.word(),
        };
        Ok((at, token))
    }

    fn skip(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let gone = chars.next()?;
        self.rest = chars.as_str();
        if gone == '\n' {
            self.here.line += 1;
            self.here.column = 1;
        } else {
            self.here.column += 1;
        }
        Some(gone)
    }

    fn text(&mut self) -> Result<Token, Fault> {
        let (at, whole) = (self.here, self.rest);
        self.skip();
        let mut escaped = false;
        loop {
            let here = self.here;
            match self.skip() {
                Some('"') if !escaped => break,
                Some('\n') | None => {
                    return fault(
                        at,
                        "the string that begins here has no end in its line",
                        "close it with a double quote",
                    )
                }
                Some(c) if u32::from(c) < 0x20 => {
                    return fault(
                        here,
                        "a string has a control character here",
                        "remove it: no name has one",
                    )
                }
                Some(c) => escaped = c == '\\' && !escaped,
            }
        }
        let length = whole.len() - self.rest.len();
        match serde_json::from_str(whole.get(..length).unwrap_or_default()) {
            Ok(text) => Ok(Token::Text(text)),
            Err(_) => fault(
                at,
                "the string that begins here has a wrong escape",
                "write the character itself: no name needs a backslash",
            ),
        }
    }

    fn word(&mut self) -> Token {
        let whole = self.rest;
        let ends = |c: char| c.is_whitespace() || "{}[]:,\"'/#".contains(c);
        while self.rest.chars().next().is_some_and(|c| !ends(c)) {
            self.skip();
        }
        let length = whole.len() - self.rest.len();
        Token::Word(whole.get(..length).unwrap_or_default().into())
    }
}
