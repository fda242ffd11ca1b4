# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_milspecctl_global_optspecs
    string join \n json color= q/quiet v/verbose h/help V/version
end

function __fish_milspecctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_milspecctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_milspecctl_using_subcommand
    set -l cmd (__fish_milspecctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c milspecctl -n "__fish_milspecctl_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_needs_command" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -s V -l version -d 'Print version'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "status" -d 'Show machine, driver, and what needs attention'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "mode" -d 'Show modes, and take the machine from one to another'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "control" -d 'Show and change single controls'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "config" -d 'Bring the machine to a state that stands in a file'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "baseline" -d 'Show what controls were before the first change'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "events" -d 'Show what happened: who changed what, when, and what became of it'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "journal" -d 'Keep the journal on disk, and check that nobody has edited it'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "attest" -d 'Prove to another machine how this one stands'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "confirm" -d 'Keep a change that was made with --confirm-within, or undo it (root only)'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "doctor" -d 'Find out why something does not work, and what to do about it'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "report" -d 'Report this machine to the project, without anything that names it or you'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "completion" -d 'Print completions for a shell'
complete -c milspecctl -n "__fish_milspecctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand status" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand status" -l refresh -d 'Read the firmware first, and say what changed (root only)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand status" -l watch -d 'Show it again every 2 seconds, until Ctrl-C'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand status" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand status" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand status" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -f -a "get" -d 'Show the mode that the machine is in'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -f -a "list" -d 'Show what each mode is, and how far it reaches on this machine'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -f -a "plan" -d 'Show what setting a mode would change; changes nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -f -a "set" -d 'Bring the machine into a mode, all of it or nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and not __fish_seen_subcommand_from get list plan set help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from get" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from get" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from plan" -l except -d 'Leave these controls as they are, whatever the mode asks for' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from plan" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from plan" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from plan" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from plan" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -l except -d 'Leave these controls as they are, whatever the mode asks for' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -l bios-password-fd -d 'Read the BIOS administrator password from this file descriptor' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -l confirm-within -d 'Undo the change unless it is confirmed within this time, e.g. 60s or 5m' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would be changed, and change nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -l reboot-to-undo -d 'Reboot by itself where undoing takes that'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -l accept-latch -d 'Accept that paranoid-plus cannot be left before the next boot'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from help" -f -a "get" -d 'Show the mode that the machine is in'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show what each mode is, and how far it reaches on this machine'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from help" -f -a "plan" -d 'Show what setting a mode would change; changes nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from help" -f -a "set" -d 'Bring the machine into a mode, all of it or nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand mode; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -f -a "list" -d 'Show all controls with their values'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -f -a "show" -d 'Show all about one control'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -f -a "set" -d 'Change controls, all of them or none'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -f -a "accept" -d 'Accept controls as something else has left them'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and not __fish_seen_subcommand_from list show set accept help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -l family -d 'Only controls of this family' -r -f -a "platform\t'Dell\'s SMBIOS tokens'
dsmil\t'Devices of the ACPI device DSML0001'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -l class -d 'Only controls of this class' -r -f -a "safe\t'May be changed'
monitored\t'May be changed with attention'
restricted\t'Changed only where a module parameter allows it'
quarantined\t'Never changed'
read-only\t'Cannot be changed'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -l group -d 'Only DSMIL devices of this group' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -l refresh -d 'Read the firmware first, and say what changed (root only)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -l changed -d 'Only controls that the driver has changed from what they were'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -l deviating -d 'Only controls that are not as the mode of the machine asks for'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -l attributes -d 'Show the BIOS attribute of the same meaning beside each control'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from show" -l refresh -d 'Read the firmware first, and say what changed (root only)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from set" -l bios-password-fd -d 'Read the BIOS administrator password from this file descriptor' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from set" -l confirm-within -d 'Undo the change unless it is confirmed within this time, e.g. 60s or 5m' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from set" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would be changed, and change nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from set" -l reboot-to-undo -d 'Reboot by itself where undoing takes that'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from accept" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from accept" -l dry-run -d 'Show what would be accepted, and accept nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from accept" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from accept" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from accept" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show all controls with their values'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show all about one control'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change controls, all of them or none'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from help" -f -a "accept" -d 'Accept controls as something else has left them'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand control; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -f -a "show" -d 'Explain a file, control by control; changes nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -f -a "export" -d 'Print the present state of what can be changed, as such a file'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -f -a "diff" -d 'Show what applying a file would change; changes nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -f -a "apply" -d 'Bring the machine to the state in a file, all of it or nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and not __fish_seen_subcommand_from show export diff apply help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from export" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from export" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from diff" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from diff" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -l bios-password-fd -d 'Read the BIOS administrator password from this file descriptor' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -l confirm-within -d 'Undo the change unless it is confirmed within this time, e.g. 60s or 5m' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -l dry-run -d 'Show what would be changed, and change nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -l reboot-to-undo -d 'Reboot by itself where undoing takes that'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -l accept-latch -d 'Accept that paranoid-plus cannot be left before the next boot'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Explain a file, control by control; changes nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "export" -d 'Print the present state of what can be changed, as such a file'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Show what applying a file would change; changes nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "apply" -d 'Bring the machine to the state in a file, all of it or nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and not __fish_seen_subcommand_from show help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and not __fish_seen_subcommand_from show help" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and not __fish_seen_subcommand_from show help" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and not __fish_seen_subcommand_from show help" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and not __fish_seen_subcommand_from show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and not __fish_seen_subcommand_from show help" -f -a "show" -d 'Show what each control was before the first change'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and not __fish_seen_subcommand_from show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show what each control was before the first change'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand baseline; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -l since -d 'Only events from then on: how long ago (10m, 2h 30m, 3d), or a date and time' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -l count -d 'Only the last so many events' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -l severity -d 'Only events that matter at least so much' -r -f -a "error\t'The machine is not in the state that was asked for'
warning\t'Somebody should have a look'
notice\t'A change'
info\t'Anything else'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -l file -d 'Show a saved journal, or - for standard input, instead of the driver\'s' -r -F
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -s f -l follow -d 'Go on with what happens from now on, until Ctrl-C'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and not __fish_seen_subcommand_from save verify help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and not __fish_seen_subcommand_from save verify help" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and not __fish_seen_subcommand_from save verify help" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and not __fish_seen_subcommand_from save verify help" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and not __fish_seen_subcommand_from save verify help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and not __fish_seen_subcommand_from save verify help" -f -a "save" -d 'Save the journal to a file, or add what is new to it'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and not __fish_seen_subcommand_from save verify help" -f -a "verify" -d 'Check that no record was changed, taken out or put in'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and not __fish_seen_subcommand_from save verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from save" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from save" -s f -l follow -d 'Go on with what happens from now on, until Ctrl-C'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from save" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from save" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from save" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from verify" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from verify" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "save" -d 'Save the journal to a file, or add what is new to it'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Check that no record was changed, taken out or put in'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and not __fish_seen_subcommand_from enroll quote verify help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and not __fish_seen_subcommand_from enroll quote verify help" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and not __fish_seen_subcommand_from enroll quote verify help" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and not __fish_seen_subcommand_from enroll quote verify help" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and not __fish_seen_subcommand_from enroll quote verify help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and not __fish_seen_subcommand_from enroll quote verify help" -f -a "enroll" -d 'Make the attestation key, and write its public part to a file'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and not __fish_seen_subcommand_from enroll quote verify help" -f -a "quote" -d 'Print an attestation: journal, state, and a quote of the TPM that ties them together'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and not __fish_seen_subcommand_from enroll quote verify help" -f -a "verify" -d 'Check an attestation of another machine'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and not __fish_seen_subcommand_from enroll quote verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from enroll" -l out -d 'Where to write the public key, in PEM' -r -F
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from enroll" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from enroll" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from enroll" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from enroll" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from enroll" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from quote" -l nonce -d 'What whoever asks has drawn by lot, in hexadecimal digits: 8 to 64 bytes' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from quote" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from quote" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from quote" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from quote" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from quote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from verify" -l key -d 'The public key of the machine, from attest enroll' -r -F
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from verify" -l nonce -d 'The nonce that was sent to the machine' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from verify" -l pcr -d 'The PCR of the journal, where the module is loaded with another one' -r
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from verify" -l journal -d 'A saved journal of the machine, with loads before that of the attestation' -r -F
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from verify" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from verify" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "enroll" -d 'Make the attestation key, and write its public part to a file'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "quote" -d 'Print an attestation: journal, state, and a quote of the TPM that ties them together'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Check an attestation of another machine'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand attest; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand confirm" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand confirm" -l undo -d 'Undo the change now'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand confirm" -l forget -d 'Say no more of a change that was undone'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand confirm" -l wait -d 'Wait, and undo the change when its time is over'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand confirm" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand confirm" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand confirm" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand confirm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand doctor" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand doctor" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand doctor" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand doctor" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand report" -s o -l output -d 'Write it to this file, or with - to standard output' -r -F
complete -c milspecctl -n "__fish_milspecctl_using_subcommand report" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand report" -l yes -d 'Write the file without a question'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand report" -l no-firmware-calls -d 'Make no firmware call: report what is known without'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand report" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand report" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand report" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand completion" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c milspecctl -n "__fish_milspecctl_using_subcommand completion" -l json -d 'Print one JSON document, in success and in failure'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand completion" -s q -l quiet -d 'Print errors only; the exit status tells the rest'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand completion" -s v -l verbose -d 'Print more'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "status" -d 'Show machine, driver, and what needs attention'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "mode" -d 'Show modes, and take the machine from one to another'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "control" -d 'Show and change single controls'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "config" -d 'Bring the machine to a state that stands in a file'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "baseline" -d 'Show what controls were before the first change'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "events" -d 'Show what happened: who changed what, when, and what became of it'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "journal" -d 'Keep the journal on disk, and check that nobody has edited it'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "attest" -d 'Prove to another machine how this one stands'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "confirm" -d 'Keep a change that was made with --confirm-within, or undo it (root only)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "doctor" -d 'Find out why something does not work, and what to do about it'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "report" -d 'Report this machine to the project, without anything that names it or you'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "completion" -d 'Print completions for a shell'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and not __fish_seen_subcommand_from status mode control config baseline events journal attest confirm doctor report completion help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from mode" -f -a "get" -d 'Show the mode that the machine is in'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from mode" -f -a "list" -d 'Show what each mode is, and how far it reaches on this machine'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from mode" -f -a "plan" -d 'Show what setting a mode would change; changes nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from mode" -f -a "set" -d 'Bring the machine into a mode, all of it or nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from control" -f -a "list" -d 'Show all controls with their values'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from control" -f -a "show" -d 'Show all about one control'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from control" -f -a "set" -d 'Change controls, all of them or none'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from control" -f -a "accept" -d 'Accept controls as something else has left them'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Explain a file, control by control; changes nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "export" -d 'Print the present state of what can be changed, as such a file'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "diff" -d 'Show what applying a file would change; changes nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "apply" -d 'Bring the machine to the state in a file, all of it or nothing'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from baseline" -f -a "show" -d 'Show what each control was before the first change'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from journal" -f -a "save" -d 'Save the journal to a file, or add what is new to it'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from journal" -f -a "verify" -d 'Check that no record was changed, taken out or put in'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from attest" -f -a "enroll" -d 'Make the attestation key, and write its public part to a file'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from attest" -f -a "quote" -d 'Print an attestation: journal, state, and a quote of the TPM that ties them together'
complete -c milspecctl -n "__fish_milspecctl_using_subcommand help; and __fish_seen_subcommand_from attest" -f -a "verify" -d 'Check an attestation of another machine'
