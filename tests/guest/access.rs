// SPDX-License-Identifier: GPL-2.0

//! Who may change what, the firmware's own password, and who hears of a change.

use crate::apply::{ready, ECANCELED, EKEYREJECTED};
use crate::ask::{self, ask, ask_one, command, one, set};
use crate::common::{log_lines, Test};
use crate::model::{Image, Model};
use crate::modes::SYSFS;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::Machine;
use milspec_posture::mode::Mode;
use milspec_uapi::{OUTCOME_DONE, OUTCOME_PLANNED, OUTCOME_UNDONE};
use std::time::{Duration, Instant};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    (
        "apply_takes_an_administrator_and_a_writable_descriptor",
        rights,
    ),
    ("apply_takes_the_key_of_a_bios_password", || {
        password("optiplex-7090", "media-card")
    }),
    ("apply_is_not_fooled_by_a_silent_bios_password", || {
        password("bad/password-silent", "camera")
    }),
    ("apply_tells_user_space_of_modes_and_drift", events),
];

const EPERM: u64 = 1;
const EBADF: u64 = 9;

/// Number of the group whose members may open the device.
fn group(machine: &Machine) -> Result<u32> {
    let line = "sed -n 's/^milspec:[^:]*:\\([0-9]*\\):.*/\\1/p' /etc/group";
    Ok(machine.sh(line)?.ok()?.text().trim().parse()?)
}

/// Requests by a member of that group who is nobody else.
pub fn member(machine: &Machine, requests: &str) -> Result<GuestCommand> {
    Ok(command(requests).user(65534, group(machine)?))
}

/// Fails when somebody changes, or reads the firmware anew, who may not.
fn rights() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let group = group(&machine)?;
    let (image, counts) = (Image::of(nvram)?, nvram.counts()?);
    let requests = "open -- plan mode=4 -- apply mode=4 -- refresh";
    let results = |command: GuestCommand| -> Result<Vec<u64>> {
        let output = machine.run_command(command)?.ok()?;
        let lines = ask::lines(&output.text());
        let found = lines.iter().filter(|line| line.word != "step");
        found.map(|line| line.number("result")).collect()
    };
    let nobody = 65534;
    let cases: [(&str, GuestCommand, [u64; 4]); 6] = [
        (
            "a stranger",
            command(requests).user(nobody, nobody),
            [13, 13, 13, 13],
        ),
        (
            "a member of the group, who may not open it for writing",
            command(requests).user(nobody, group),
            [13, 13, 13, 13],
        ),
        (
            "a member of the group",
            command(&format!("read-only -- {requests}")).user(nobody, group),
            [0, 0, EBADF, EBADF],
        ),
        (
            "root, reading",
            command(&format!("read-only -- {requests}")),
            [0, 0, EBADF, EBADF],
        ),
        (
            "a stranger with root's descriptor",
            command(&format!("open -- user {nobody} -- {requests}")),
            [0, 0, EPERM, EPERM],
        ),
        (
            "root of a user namespace",
            command(&format!("userns -- {requests}")),
            [0, 0, EPERM, EPERM],
        ),
    ];
    println!("\nrugged: open, plan, apply, refresh");
    for (who, command, expected) in cases {
        let found = results(command).context(who)?;
        let found = &found[found.len() - 4..];
        ensure!(found == expected, "{who}: {found:?}, expected {expected:?}");
        println!("  {expected:>3?}  {who}");
    }
    // The file: whoever owns it, the capability counts.
    let file = format!("{SYSFS}/mode");
    let write = format!("echo paranoid >{file}");
    for (who, command) in [
        (
            "a stranger",
            GuestCommand::shell(&write).user(nobody, nobody),
        ),
        (
            "root of a user namespace",
            GuestCommand::new(["unshare", "--user", "--map-root-user", "sh", "-c", &write]),
        ),
    ] {
        let written = machine.run_command(command)?;
        ensure!(written.code != 0, "{who} wrote {file}");
    }
    let made = nvram.counts()?.since(&counts).nonzero();
    // Claim: nor cause a firmware call
    ensure!(made.is_empty(), "calls were made: {made:?}");
    // Claim: cannot change a control
    ensure!(image == Image::of(nvram)?, "the NVRAM was changed");
    machine
        .guest()?
        .write(&file, b"paranoid\n")?
        .ok()
        .context("not even root")?;
    ensure!(machine.read(&file)? == "paranoid");
    machine.check_kernel_log()
}

/// Fails when a change without the right key is called a success or is explained otherwise, and
/// when the key can be found anywhere afterwards.
fn password(profile: &str, control: &str) -> Result<()> {
    let machine = ready(profile)?;
    let nvram = machine.nvram()?;
    let key = machine.profile().password.key;
    let before = Image::of(nvram)?;
    let words = set(control, "disabled")?;
    let wrong = [
        format!("apply {words}"),
        format!("apply {words} key={}", key ^ 1),
        format!("apply {}", ask::mode(Mode::Paranoid)),
    ];
    for words in wrong {
        let answer = one(&machine, &words)?.ends(ECANCELED, OUTCOME_UNDONE)?;
        // Claim: cannot have a change taken for made
        ensure!(answer.error == EKEYREJECTED as u64, "{words}: {answer:?}");
        ensure!(answer.number("key")? == 0, "{words}: {answer:?}");
        let changed = before.differs(&Image::of(nvram)?);
        // Claim: without the BIOS administrator password
        ensure!(changed.is_empty(), "{words}: {changed:?}");
    }
    let file = format!("{SYSFS}/mode");
    let written = machine.guest()?.write(&file, b"paranoid\n")?;
    ensure!(written == Err(ECANCELED), "{file}: {written:?}");

    let model = Model::new(&machine)?;
    let now = model.values(nvram)?;
    let changes = Model::changes(&now, &model.target(Mode::Paranoid, &now));
    let expected = model.image(&before, &changes)?;
    let right = format!("apply {} key={key}", ask::mode(Mode::Paranoid));
    let answer = one(&machine, &right)?.ends(0, OUTCOME_DONE)?;
    ensure!(answer.number("key")? == 0, "{answer:?}");
    let difference = expected.differs(&Image::of(nvram)?);
    ensure!(difference.is_empty(), "{difference:?}");

    let log = machine.dmesg()?.to_lowercase();
    for secret in [key, key ^ 1] {
        for text in [format!("{secret:x}"), secret.to_string()] {
            let mut ours = log.lines().filter(|line| line.contains("milspec"));
            ensure!(
                !ours.any(|line| line.contains(&text)),
                "{text} was logged:\n{log}"
            );
        }
    }
    let trace = machine
        .sh(&format!("grep -r . {SYSFS}/ 2>/dev/null"))?
        .text();
    ensure!(!trace.contains(&key.to_string()), "{trace}");
    machine.check_kernel_log()
}

/// A listener of `udevadm monitor`, and what it heard.
fn events() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let listen = ["udevadm", "monitor", "--kernel", "--property"];
    let mut listener = machine.guest()?.spawn(GuestCommand::new(listen))?;
    listener.wait_for("KERNEL - the kernel uevent", Duration::from_secs(30))?;
    let mut heard = 0;
    let mut next = |expected: &[&str]| -> Result<()> {
        let start = Instant::now();
        loop {
            listener.poll()?;
            let text = listener.stdout();
            let mut all = text.split("\n\n").filter(|e| e.contains("MILSPEC_MODE="));
            if let Some(event) = all.nth(heard) {
                if event.contains("MILSPEC_PENDING_REBOOT=") {
                    heard += 1;
                    for line in expected
                        .iter()
                        .chain(&["ACTION=change", "DEVPATH=/devices/faux/dell_milspec"])
                    {
                        ensure!(event.lines().any(|l| l == *line), "no {line} in\n{event}");
                    }
                    return Ok(());
                }
            }
            ensure!(
                start.elapsed() < Duration::from_secs(20),
                "no event: {text}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    one(&machine, "apply mode=2")?.ends(0, OUTCOME_DONE)?;
    next(&[
        "MILSPEC_MODE=standard",
        "MILSPEC_DEVIATIONS=0",
        "MILSPEC_DRIFTED=0",
        "MILSPEC_LATCHED=0",
        "MILSPEC_PENDING_REBOOT=1",
    ])?;
    // Neither a plan, nor a repeat, nor a look that finds nothing is worth one.
    ask(&machine, "plan mode=4 -- apply mode=2 -- refresh")?;
    nvram.set_setting(machine.plan(), "bios-downgrade", "allowed")?;
    ask_one(&machine, "refresh")?;
    next(&[
        "MILSPEC_MODE=standard",
        "MILSPEC_DEVIATIONS=1",
        "MILSPEC_DRIFTED=1",
    ])?;
    nvram.dsmil_set_state(6, 1, 1)?;
    ask_one(&machine, "refresh")?;
    next(&["MILSPEC_TAMPERED=1"])?;
    one(&machine, "apply mode=5 confirm")?.ends(0, OUTCOME_DONE)?;
    next(&[
        "MILSPEC_MODE=paranoid-plus",
        "MILSPEC_LATCHED=1",
        "MILSPEC_DRIFTED=0",
    ])?;
    ensure!(one(&machine, "plan mode=5")?.outcome == OUTCOME_PLANNED);
    let said = log_lines(&machine)?;
    ensure!(
        said.iter()
            .any(|line| line.contains("bios-downgrade: something else")),
        "{said:#?}"
    );
    machine.check_kernel_log()
}

/// Waits until a condition of the host's view holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !holds()? {
        ensure!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
