// SPDX-License-Identifier: GPL-2.0

//! Calls at random, by `fuzz.c`, which makes them of a description of the interface that is generated
//! from its source: each answer is judged by that, and the machine is in order afterwards.
//!
//! `MILSPEC_SEED=` repeats a run: what each thread calls, and what the host does beside it. When a call
//! comes to its turn among those of other threads is not repeated.

use crate::ask;
use crate::common::{kernel_memory, Test};
use crate::fuzzed_cover;
use crate::fuzzed_host::{Before, Host};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{prepared, Machine, Module, Options};
use milspec_machine::prepare::Bits;
use milspec_machine::progress::Progress;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The tests of this file.
pub const TESTS: &[Test] = &[("fuzzed_calls_some", some)];

/// Those that take long.
pub const LONG: &[Test] = &[
    ("fuzzed_calls_millions_64_bit", || millions(Bits::B64)),
    ("fuzzed_calls_millions_32_bit", || millions(Bits::B32)),
];

/// Calls of the short test, and of each of the long ones.
const SOME: u64 = 20_000;
const MILLIONS: u64 = 5_000_000;
/// The same on the debug kernel.
const HALF_A_MILLION: u64 = 500_000;
/// So many bytes more of kernel memory are not what calls leave behind.
const LEAK: u64 = 600_000;
/// Where it is in the guest.
const FUZZ: &str = "/tmp/fuzz";

/// What is called, and how much of it.
#[derive(Clone, Copy)]
pub struct Run {
    /// Callers of 64 or of 32 bits.
    pub bits: Bits,
    /// What all that is at random is made of.
    pub seed: u64,
    /// Calls of all threads.
    pub calls: u64,
    /// Threads.
    pub threads: u32,
    /// One call in so many reads firmware, applies or trains.
    pub deep: u32,
    /// Whether the host unbinds, has firmware fail, raises events and changes controls meanwhile.
    pub disturbed: bool,
    /// How long it may take.
    pub patience: Duration,
}

impl Run {
    /// So many calls of two threads, not disturbed, with a new seed or that of `MILSPEC_SEED`.
    pub fn new(bits: Bits, calls: u64) -> Result<Self> {
        let seed = match std::env::var("MILSPEC_SEED") {
            Ok(text) => text.parse().context("MILSPEC_SEED")?,
            Err(_) => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        };
        Ok(Self {
            bits,
            seed,
            calls,
            threads: 2,
            deep: 1_000,
            disturbed: false,
            patience: Duration::from_secs(300),
        })
    }
}

/// How often each call ended how: "STATUS EINVAL" and the like.
pub type Counts = BTreeMap<String, u64>;

/// Puts the program into a guest.
fn install(machine: &Machine, bits: Bits) -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{bits:?}"));
    std::fs::create_dir_all(&directory)?;
    let to = directory.join("fuzz");
    let includes = [&*here.join("../../driver/uapi")];
    prepared(&Progress::new())?.build_c(&here.join("fuzz.c"), bits, &includes, &to)?;
    machine.guest()?.create(FUZZ, &std::fs::read(&to)?, 0o755)
}

/// Makes calls, and fails when one of them breaks a promise of the interface.
pub fn calls(machine: &Machine, before: &Before, run: Run) -> Result<Counts> {
    install(machine, run.bits)?;
    println!(
        "\nfuzz: seed {}, {:?}, {} calls, {} threads",
        run.seed, run.bits, run.calls, run.threads
    );
    let mut argv = vec![FUZZ.to_owned()];
    let numbers = [run.seed, run.calls, run.threads.into(), run.deep.into()];
    argv.extend(numbers.map(|number| number.to_string()));
    let start = Instant::now();
    let command = GuestCommand::new(argv).timeout(run.patience);
    let mut process = machine.guest()?.spawn(command)?;
    let mut host = Host::new(machine, before, run.seed);
    while process.poll()?.is_none() {
        ensure!(
            start.elapsed() < run.patience,
            "seed {}: it does not end\n{}{}",
            run.seed,
            process.stdout(),
            whereabouts(machine, process.pid)?
        );
        if run.disturbed {
            host.disturb()?;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    let output = process.wait(Duration::from_secs(60))?;
    let text = output.text();
    ensure!(
        output.success(),
        "seed {}: exit {}\n{text}{}",
        run.seed,
        output.code,
        output.error_text()
    );
    let mut counts = BTreeMap::new();
    let mut calls = 0;
    for line in text.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["seed", _, "calls", number] => calls = number.parse()?,
            [call, error, number] => {
                counts.insert(format!("{call} {error}"), number.parse()?);
            }
            _ => println!("{line}"),
        }
    }
    for (ended, number) in &counts {
        println!("  {ended:24} {number:>10}");
    }
    println!(
        "figure: fuzzed calls: {:?}, seed {}, {calls} calls in {:.0?}, {} disturbances",
        run.bits,
        run.seed,
        start.elapsed(),
        host.turns
    );
    fuzzed_cover::tell(machine, counts.get("cover cut-off").copied())?;
    // Less than all is a run that has been cut off.
    ensure!(calls > run.calls - run.calls / 20, "only {calls} calls");
    Ok(counts)
}

/// Where the threads of a process of the guest are, and of its child.
fn whereabouts(machine: &Machine, pid: u32) -> Result<String> {
    let line = format!(
        "for task in /proc/{pid}/task/* /proc/$(cat /proc/{pid}/task/{pid}/children)/task/*; do \
         echo $task; cat $task/syscall $task/stack; done"
    );
    Ok(machine.sh(&line)?.text())
}

/// What a run has to have done, so that it says something: each request was carried out and was
/// refused, and each kind of memory was used.
const DONE: &[(&str, &str)] = &[
    ("INFO", "0 EINVAL E2BIG EFAULT"),
    ("STATUS", "0 EINVAL E2BIG EFAULT"),
    ("CONTROLS", "0 EINVAL E2BIG EFAULT ENOSPC"),
    ("PLAN", "0 EINVAL E2BIG EFAULT EAGAIN"),
    ("APPLY", "0 EINVAL E2BIG EFAULT EAGAIN EBADF EPERM"),
    ("REFRESH", "0 EINVAL EBADF EPERM"),
    ("TRAINING", "0 EINVAL E2BIG EFAULT EPERM"),
    ("unknown", "ENOTTY"),
    ("read", "0 EAGAIN EFAULT EINVAL"),
    ("poll", "0"),
    ("lseek", "0 EINVAL"),
    ("mmap", "ENODEV"),
    ("open", "0"),
    ("pass", "0"),
    ("sysfs", "0"),
    ("mode", "EINVAL"),
    ("io_uring", "0 ECANCELED"),
    ("request", "null kernel behind read-only changing late edge"),
    ("array", "null kernel behind read-only changing late"),
    ("page", "late"),
];

/// Promise: whatever is asked of `/dev/milspec`, by several at once and from memory that changes, is
/// late or is not there, the answer is one that the interface's description allows, and the machine
/// can be brought back to what it was.
fn some() -> Result<()> {
    let options = Options::module(Module::Autoload);
    let machine = Machine::from_snapshot("rugged", &options)?;
    ask::install(&machine)?;
    let before = Before::of(&machine)?;
    let counts = calls(&machine, &before, Run::new(Bits::B64, SOME)?)?;
    for (call, endings) in DONE {
        for ending in endings.split(' ') {
            let ended = format!("{call} {ending}");
            ensure!(counts.contains_key(&ended), "no {ended}");
        }
    }
    before.settle(&machine)?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}

/// Promise: as that of the short one, with firmware that fails and changes, a device that comes and
/// goes, events and two processors; and nothing is left in the kernel's memory. `MILSPEC_FUZZ_CALLS=`
/// says how many calls, where it is not to be millions.
fn millions(bits: Bits) -> Result<()> {
    let options = Options {
        processors: 2,
        ..Options::module(Module::Autoload)
    };
    let machine = Machine::from_snapshot("rugged", &options)?;
    ask::install(&machine)?;
    let before = Before::of(&machine)?;
    let number = match std::env::var("MILSPEC_FUZZ_CALLS") {
        Ok(text) => text.parse().context("MILSPEC_FUZZ_CALLS")?,
        Err(_) if prepared(&Progress::new())?.debug => HALF_A_MILLION,
        Err(_) => MILLIONS,
    };
    let run = Run {
        disturbed: true,
        patience: Duration::from_secs(3 * 3600),
        threads: 4,
        deep: 10_000,
        ..Run::new(bits, number / 2)?
    };
    // What is taken once, in caches of both processors, is taken in the first half.
    calls(&machine, &before, run)?;
    let memory = kernel_memory(&machine)?;
    let again = Run {
        seed: run.seed + 1,
        ..run
    };
    calls(&machine, &before, again)?;
    let after = kernel_memory(&machine)?;
    println!("  kernel memory {memory} before, {after} after");
    ensure!(after < memory + LEAK, "kernel memory: {memory}, {after}");
    before.settle(&machine)?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}
