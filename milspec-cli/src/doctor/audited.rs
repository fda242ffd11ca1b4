// SPDX-License-Identifier: GPL-2.0

//! Whether the kernel's audit sees who talks to the firmware past the driver.

use super::check::{About, Check, Context};
use crate::monitor::alive::Monitor;
use crate::program;
use std::collections::BTreeSet;

/// The rules for auditd that come with milspecctl.
const OURS: &str = include_str!("../../../packaging/audit/dell-milspec.rules");

/// A rule that watches a file, as auditctl takes and prints it.
#[derive(Debug, Default, PartialEq)]
struct Rule<'a> {
    path: &'a str,
    /// What of it is watched: letters of `rwxa`.
    perm: &'a str,
    key: &'a str,
    /// For programs of which kind; `None` for all.
    arch: Option<&'a str>,
}

/// Calls that open a file. auditctl 4 names those that go with the letters, and these are among them.
const OPENS: [&str; 4] = ["creat", "open", "openat", "openat2"];

impl<'a> Rule<'a> {
    /// Of a line; `None` where it watches no file.
    fn of(line: &'a str) -> Option<Self> {
        let mut rule = Self::default();
        let mut words = line.split_whitespace();
        while let (Some(option), Some(value)) = (words.next(), words.next()) {
            match (option, value.split_once('=')) {
                ("-a", _) if value != "always,exit" && value != "exit,always" => return None,
                ("-w", _) | ("-F", Some(("path", _))) => rule.path = of_pair(value),
                ("-p", _) | ("-F", Some(("perm", _))) => rule.perm = of_pair(value),
                ("-k", _) | ("-F", Some(("key", _))) => rule.key = of_pair(value),
                ("-F", Some(("arch", arch))) => rule.arch = Some(arch),
                ("-S", _) if value != "all" && !opens(value) => return None,
                ("-a" | "-S", _) => (),
                // It narrows the rule.
                _ => return None,
            }
        }
        (!rule.path.is_empty()).then_some(rule)
    }

    /// Whether all that the other one sees is seen by this one.
    fn covers(&self, other: &Self) -> bool {
        let all_perms = || other.perm.chars().all(|perm| self.perm.contains(perm));
        self.path == other.path
            && self.key == other.key
            && all_perms()
            && (self.arch.is_none() || self.arch == other.arch)
    }
}

/// Whether all ways to open a file are among these calls.
fn opens(calls: &str) -> bool {
    let calls: Vec<&str> = calls.split(',').collect();
    OPENS.iter().all(|call| calls.contains(call))
}

/// What stands behind a `=`, or all where there is none.
fn of_pair(value: &str) -> &str {
    value.split_once('=').map_or(value, |(_, behind)| behind)
}

/// Are those rules of the package in force whose file is there?
pub fn rules(context: &Context<'_>) -> Check {
    let about = About("audit-rule", "Audit rule");
    if matches!(Monitor::of(context.root), Monitor::None) {
        return about.not_applicable("nobody watches");
    }
    let ours = OURS.lines().filter_map(Rule::of);
    let here: Vec<Rule<'_>> = ours.filter(|rule| context.root.exists(rule.path)).collect();
    if here.is_empty() {
        return about.not_applicable("no file of the kernel leads to the firmware past the driver");
    }
    let answer = program::ask(context.root, &["auditctl", "-l"]);
    let Some(answer) = answer.filter(|answer| answer.success) else {
        return about
            .not_applicable("whether it is in force is root's to ask, with auditd installed");
    };
    let loaded: Vec<Rule<'_>> = answer.text.lines().filter_map(Rule::of).collect();
    let is_seen = |rule: &&Rule<'_>| loaded.iter().any(|other| other.covers(rule));
    let unseen = here.iter().filter(|rule| !is_seen(rule));
    let unseen: BTreeSet<&str> = unseen.map(|rule| rule.path).collect();
    if unseen.is_empty() {
        return about.ok("who tries BIOS passwords past the driver is audited");
    }
    let unseen: Vec<&str> = unseen.into_iter().collect();
    about.warning(
        format!(
            "who tries BIOS passwords past the driver leaves no record: {}",
            unseen.join(", ")
        ),
        "load /usr/share/milspecctl/audit/dell-milspec.rules: docs/fleet.md",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `auditctl -l` of 4.0.2 says where a rule without `-S` was loaded.
    const LISTED: &str = "-a always,exit -F arch=b64 -S open,bind,truncate,ftruncate,rename,mkdir,rmdir,creat,\
        link,unlink,symlink,readlink,mknod,acct,swapon,quotactl,getxattr,lgetxattr,fgetxattr,listxattr,\
        llistxattr,flistxattr,openat,mkdirat,mknodat,unlinkat,renameat,linkat,symlinkat,readlinkat,fallocate,\
        renameat2,openat2 -F path=/dev/wmi/dell-smbios -F perm=rw -F key=dell_smbios";

    /// Promise: a rule of ours is known again as auditctl lists it, and one that leaves out a way to open
    /// the file is not taken for it.
    #[test]
    fn as_listed() {
        let path = "/dev/wmi/dell-smbios";
        let ours = OURS.lines().filter_map(Rule::of);
        let ours = ours.filter(|rule| rule.path == path && rule.arch == Some("b64"));
        let ours: Vec<Rule<'_>> = ours.collect();
        assert_eq!(ours.len(), 1);
        let covers = |text: &str| Rule::of(text).is_some_and(|rule| rule.covers(&ours[0]));
        assert!(covers(LISTED));
        assert!(!covers(&LISTED.replace("openat2", "getrandom")));
        assert!(!covers(&LISTED.replace("creat,", "getrandom,")));
        assert!(!covers(&LISTED.replace("perm=rw", "perm=w")));
        let watched = "-w /dev/wmi/dell-smbios -p rwa -k dell_smbios";
        assert!(covers(watched));
    }
}
