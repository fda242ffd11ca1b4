// SPDX-License-Identifier: GPL-2.0

//! What clap has to say that is no command: help, version, and what is wrong with a command line.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use milspec::Failure;
use serde::Serialize;

/// `milspec.help/1`
#[derive(Debug, Serialize)]
pub struct Help {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// The text that people get.
    pub text: String,
}

impl Help {
    /// With this text.
    pub fn new(text: String) -> Self {
        Self {
            schema: "milspec.help/1",
            text,
        }
    }

    /// Help or version, which clap treats as errors; `None` for what is one.
    pub fn of(error: &Error) -> Option<Self> {
        let asked = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
        let text = || format!("{}\n", error.render().to_string().trim_end());
        asked.contains(&error.kind()).then(|| Self::new(text()))
    }
}

/// A wrong command line, in the three parts that every error has.
pub fn failure(error: &Error) -> Failure {
    let all = |kind| match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(several)) => several.clone(),
        _ => Vec::new(),
    };
    let list = |kind| all(kind).join(", ");
    let argument = list(ContextKind::InvalidArg);
    let value = list(ContextKind::InvalidValue);
    let near = |kind| match all(kind).as_slice() {
        [] => None,
        near => Some(format!("did you mean {}?", near.join(" or "))),
    };
    let command = list(ContextKind::InvalidSubcommand);
    let values = format!("its values are {}", list(ContextKind::ValidValue));
    let value_of = || format!("\"{value}\" is no value of {argument}");
    let mut commands = all(ContextKind::ValidSubcommand);
    commands.retain(|command| command != "help");
    let (what, why) = match error.kind() {
        ErrorKind::MissingSubcommand => (
            format!("\"{command}\" needs a command after it"),
            format!("it has {}", commands.join(", ")),
        ),
        ErrorKind::InvalidSubcommand => (
            format!("there is no command \"{command}\""),
            near(ContextKind::SuggestedSubcommand)
                .unwrap_or_else(|| "\"milspecctl --help\" lists the commands".into()),
        ),
        ErrorKind::UnknownArgument => (
            format!("\"{argument}\" is not understood"),
            near(ContextKind::SuggestedArg)
                .unwrap_or_else(|| "the command takes no such option or argument".into()),
        ),
        ErrorKind::MissingRequiredArgument => (
            format!("{argument} is missing"),
            "the command does not work without it".into(),
        ),
        ErrorKind::ArgumentConflict if !argument.is_empty() => {
            let other = list(ContextKind::PriorArg);
            let what = format!("{argument} and {other} contradict each other");
            (what, "only one of them can be had".into())
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            (format!("{argument} is without its value"), values)
        }
        ErrorKind::InvalidValue => (
            value_of(),
            near(ContextKind::SuggestedValue).unwrap_or(values),
        ),
        ErrorKind::ValueValidation => (
            value_of(),
            std::error::Error::source(error).map_or_else(String::new, ToString::to_string),
        ),
        ErrorKind::TooManyValues => (
            format!("{argument} takes no \"{value}\""),
            "it takes no value, or no more of them".into(),
        ),
        // What else there is has no words of its own.
        _ => {
            let text = error.render().to_string();
            let what = text.lines().next().unwrap_or_default();
            let what = what.trim_start_matches("error: ").into();
            (what, "the command line cannot be read".into())
        }
    };
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let usage = usage.trim().trim_start_matches("Usage: ").lines().next();
    Failure::new(
        "usage",
        what,
        why,
        match usage {
            Some(usage) if !usage.is_empty() => format!("use: {usage}"),
            _ => "see \"milspecctl --help\"".into(),
        },
    )
}
