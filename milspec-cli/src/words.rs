// SPDX-License-Identifier: GPL-2.0

//! Numbers and times in words, and words of others.

use std::fmt::Display;

/// `1 control`, `2 controls`.
pub fn count(number: impl TryInto<u64>, thing: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{s}")
}

/// `text` behind `before`; nothing where there is no text.
pub fn with(before: &str, text: Option<impl Display>) -> String {
    text.map_or_else(String::new, |text| format!("{before}{text}"))
}

/// How long ago, in the two largest units.
pub fn age(ms: u64) -> String {
    let seconds = ms / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let text = match seconds {
        0 => format!("{ms} ms"),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {} s", seconds % 60),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    };
    format!("{text} ago")
}

/// Text as HTML shows it, whoever wrote it.
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text that somebody else wrote: what a terminal would act on, or not show, is spelled out.
pub fn shown(text: &str) -> String {
    let spelled = |c: char| match c {
        '"' | '\'' | '\\' => c.to_string(),
        _ => c.escape_debug().to_string(),
    };
    text.chars().map(spelled).collect()
}
