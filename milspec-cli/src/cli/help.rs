// SPDX-License-Identifier: GPL-2.0

//! What help texts and man pages say beyond commands and options. Every example is a line that
//! milspecctl takes: a test types them all.

use clap::{Arg, Command};

/// What the exit statuses mean.
pub const EXIT_STATUS: [(&str, &str); 8] = [
    ("0", "Done, or nothing to do."),
    ("1", "Failed. What became of a change is in the output: everything is as it was, or the output names what is not."),
    ("2", "The command line is wrong."),
    ("3", "There is no driver, or driver or machine do not offer this."),
    ("4", "Permission is missing, or the BIOS administrator password was not accepted."),
    ("5", "Refused for safety: by the driver, or because a danger was not accepted. Nothing was changed."),
    ("6", "Driver and milspecctl are of versions that do not fit together."),
    ("7", "Not so, or not proven here: see --exit-code."),
];

/// The files that milspecctl reads and writes.
pub const FILES: [(&str, &str); 10] = [
    ("/dev/milspec", "The driver. Members of group milspec may read it; changes need root."),
    ("/var/lib/milspecctl/baseline.json", "What controls were before the first change; see milspecctl-baseline(1). Back it up with the machine."),
    ("/var/lib/milspecctl/unconfirmed.json", "How to undo a change with --confirm-within that is not confirmed yet."),
    ("/var/lib/milspecctl/lock", "Held while a change is made, so that two do not meet."),
    ("/etc/milspec/config.toml", "The state to which milspec-enforce.service brings the machine, where that is enabled."),
    ("/var/lib/milspec/journal", "Where milspec-journal.service keeps the journal; logrotate keeps older parts beside it."),
    ("/sys/class/tpm/tpm0/pcr-sha256", "The PCRs of the TPM, as journal verify compares them."),
    ("/sys/class/firmware-attributes/dell-wmi-sysman", "BIOS attributes, as mainline's driver shows them. They are read, never written."),
    ("/sys/firmware/dmi/tables/DMI", "The machine's token table, for report; root's."),
    ("/dev/wmi/dell-smbios", "Where the BIOS administrator password is checked, when one is given, and where report reads what the driver has not read."),
];

/// The variables that milspecctl looks at.
pub const ENVIRONMENT: [(&str, &str); 6] = [
    (
        "NO_COLOR",
        "When set and not empty, there is no colour, unless --color always says otherwise.",
    ),
    (
        "TERM",
        "With dumb there is neither colour nor anything but ASCII.",
    ),
    (
        "LC_ALL, LC_CTYPE, LANG",
        "The first that is set names the locale. Where that is not UTF-8, all is ASCII.",
    ),
    (
        "SSH_CONNECTION",
        "When set, changes that may cut the connection are warned of.",
    ),
    (
        "MILSPECCTL_COMPLETE",
        "Set by the script of a shell, which asks what may come next: see milspecctl-completion(1).",
    ),
    (
        "TPM2TOOLS_TCTI",
        "How attest reaches the TPM, as tpm2-tools take it. Without it: device:/dev/tpmrm0.",
    ),
];

/// Documents beside the man pages.
pub const DOCUMENTS: &str =
    "In share/doc/dell-milspec, or docs/ of the source: guide.md walks through the first day with \
     milspecctl, modes.md says what each mode asks for and why, schema/ has a JSON schema for every \
     document, examples/ has files for fleets.";

/// Commands with their examples: what to type, and what that does.
pub const EXAMPLES: [(&str, &[(&str, &str)]); 26] = [
    (
        "milspecctl",
        &[
            ("milspecctl status", "see how the machine stands"),
            (
                "milspecctl mode set enhanced --dry-run",
                "see what mode enhanced would change",
            ),
            ("milspecctl mode set enhanced", "bring the machine into it"),
            ("milspecctl mode set baseline", "bring back what was before"),
        ],
    ),
    (
        "milspecctl status",
        &[
            ("milspecctl status", "the driver's last reading"),
            (
                "milspecctl status --refresh",
                "read the firmware first, as root",
            ),
            (
                "milspecctl status --watch",
                "again every 2 seconds, until Ctrl-C",
            ),
            ("milspecctl --json status", "one document, for programs"),
        ],
    ),
    (
        "milspecctl mode get",
        &[(
            "milspecctl mode get -v",
            "the mode, and each control that deviates from it",
        )],
    ),
    (
        "milspecctl mode list",
        &[
            ("milspecctl mode list", "all modes"),
            (
                "milspecctl mode list paranoid",
                "what paranoid would change, control by control",
            ),
        ],
    ),
    (
        "milspecctl mode plan",
        &[(
            "milspecctl mode plan paranoid",
            "the steps, or why it would be refused",
        )],
    ),
    (
        "milspecctl mode set",
        &[
            ("milspecctl mode set standard", "all of it or nothing"),
            (
                "milspecctl mode set paranoid --except bluetooth,gps",
                "all of it but these, which stay as they are",
            ),
            (
                "milspecctl mode set paranoid --confirm-within 5m",
                "undone after 5 minutes, unless you confirm it",
            ),
            (
                "milspecctl mode set baseline",
                "what was before the first change",
            ),
            (
                "milspecctl mode set paranoid-plus --accept-latch",
                "without a question, where there is nobody to answer",
            ),
            (
                "milspecctl mode set enhanced --bios-password-fd 3 3<password",
                "with the BIOS administrator password in a file",
            ),
        ],
    ),
    (
        "milspecctl control list",
        &[
            (
                "milspecctl control list --class restricted",
                "what only allow_restricted=1 opens",
            ),
            (
                "milspecctl control list --attributes",
                "what the BIOS attributes say beside each, as root",
            ),
            (
                "milspecctl control list --changed",
                "what the driver has changed",
            ),
        ],
    ),
    (
        "milspecctl control get",
        &[("milspecctl control get camera", "its value, for scripts")],
    ),
    (
        "milspecctl control show",
        &[
            (
                "milspecctl control show camera",
                "its values, and what stands behind them",
            ),
            (
                "milspecctl control show camera 'usb-*'",
                "that of all whose names begin so, too",
            ),
        ],
    ),
    (
        "milspecctl control set",
        &[
            (
                "milspecctl control set camera=disabled microphone=disabled",
                "both or none",
            ),
            (
                "milspecctl control set camera=disabled --dry-run",
                "see what that would do",
            ),
        ],
    ),
    (
        "milspecctl control accept",
        &[(
            "milspecctl control accept camera",
            "keep what something else has made of it: no drift any more",
        )],
    ),
    (
        "milspecctl config show",
        &[(
            "milspecctl config show laptop.toml",
            "what the file asks for, and what is not so yet",
        )],
    ),
    (
        "milspecctl config export",
        &[(
            "milspecctl config export >before.toml",
            "keep the present state",
        )],
    ),
    (
        "milspecctl config diff",
        &[
            (
                "milspecctl --json config diff laptop.toml",
                "\"changes\" is 0 where nothing is to be done",
            ),
            (
                "milspecctl -q config diff laptop.toml --exit-code",
                "status 7 where something is to be done, for scripts",
            ),
        ],
    ),
    (
        "milspecctl config apply",
        &[
            (
                "milspecctl config apply laptop.toml",
                "bring the machine to that state",
            ),
            (
                "milspecctl config apply - <before.toml",
                "the file on standard input",
            ),
        ],
    ),
    (
        "milspecctl baseline show",
        &[(
            "milspecctl baseline show -v",
            "and when each value was recorded",
        )],
    ),
    (
        "milspecctl events",
        &[
            ("milspecctl events", "all that the driver remembers"),
            (
                "milspecctl events --since yesterday --severity warning",
                "what somebody should look at",
            ),
            (
                "milspecctl --json events --follow",
                "one document in each line, as it happens",
            ),
        ],
    ),
    (
        "milspecctl journal save",
        &[(
            "milspecctl journal save /var/lib/milspec/journal",
            "add what is new to the file",
        )],
    ),
    (
        "milspecctl journal verify",
        &[
            ("milspecctl journal verify", "what the driver has"),
            (
                "milspecctl journal verify journal.1 journal",
                "two files, one after the other",
            ),
        ],
    ),
    (
        "milspecctl attest enroll",
        &[(
            "milspecctl attest enroll --out laptop.pem",
            "as root, while the machine is trusted; keep the file elsewhere",
        )],
    ),
    (
        "milspecctl attest quote",
        &[(
            "milspecctl attest quote --nonce 8d5194b1c06e07e2 >laptop.json",
            "with the nonce of who asked; as root",
        )],
    ),
    (
        "milspecctl attest verify",
        &[(
            "milspecctl attest verify laptop.json --key laptop.pem --nonce 8d5194b1c06e07e2",
            "on any machine, with the nonce that was sent",
        )],
    ),
    (
        "milspecctl confirm",
        &[
            ("milspecctl confirm", "keep the change that waits for this"),
            ("milspecctl confirm --undo", "put back what was before it"),
        ],
    ),
    (
        "milspecctl doctor",
        &[(
            "milspecctl doctor",
            "each check, and a remedy where one is needed",
        )],
    ),
    (
        "milspecctl report",
        &[
            (
                "milspecctl report",
                "see what would be reported; as root, more",
            ),
            (
                "milspecctl report --output report.json",
                "write it to a file, once you have read it",
            ),
            (
                "milspecctl report --no-firmware-calls",
                "only what is known without asking the firmware",
            ),
        ],
    ),
    (
        "milspecctl completion",
        &[(
            "milspecctl completion bash >/etc/bash_completion.d/milspecctl",
            "for all users",
        )],
    ),
];

/// The examples of a command.
pub fn examples(path: &str) -> &'static [(&'static str, &'static str)] {
    let mut all = EXAMPLES.iter();
    all.find(|(of, _)| *of == path)
        .map_or(&[], |(_, examples)| *examples)
}

/// Where the options of every command are.
pub const GLOBAL: &str = "--json, --color, --quiet and --verbose: see \"milspecctl --help\".";

/// What to do first, for who types no more than `milspecctl`.
pub const START: &str = "\
Shows how this Dell is hardened, and changes that. To begin with:

  milspecctl doctor               what is missing for it to work
  milspecctl status               how the machine stands
  milspecctl control list         what can be changed
  milspecctl mode list            the modes, and how far each reaches here
  milspecctl mode plan enhanced   what a mode would change; changes nothing

milspecctl --help has all commands, man milspecctl the same.
";

/// Adds what is here to the help texts. The options of every command are shown once, above: below
/// they would be longer than what is a command's own.
pub fn dress(command: Command) -> Command {
    let path = command.get_name().to_string();
    let global: Vec<Arg> = command
        .get_arguments()
        .filter(|argument| argument.is_global_set())
        .map(|argument| argument.clone().hide(true))
        .collect();
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_string())
        .collect();
    let command = names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |command| command.args(&global))
    });
    let parts = [
        examples_text(&path),
        format!("Exit status:{}", paragraphs(&EXIT_STATUS)),
        format!("Files:{}", paragraphs(&FILES)),
        format!("Environment:{}", paragraphs(&ENVIRONMENT)),
        DOCUMENTS.to_string(),
    ];
    below(command, &path)
        .arg_required_else_help(false)
        .after_long_help(parts.join("\n\n"))
}

fn paragraphs(lines: &[(&str, &str)]) -> String {
    let lines = lines.iter();
    lines
        .map(|(key, text)| format!("\n  {key}\n      {text}"))
        .collect()
}

fn below(command: Command, path: &str) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_string())
        .collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(&name, |command| {
            let path = format!("{path} {name}");
            let text = examples_text(&path);
            let command = below(command, &path).arg_required_else_help(false);
            let parts = [text.as_str(), GLOBAL].join("\n\n");
            command
                .after_help(GLOBAL)
                .after_long_help(parts.trim_start().to_string())
        })
    })
}

fn examples_text(path: &str) -> String {
    let examples = examples(path);
    if examples.is_empty() {
        return String::new();
    }
    format!("Examples:{}", paragraphs(examples))
}
