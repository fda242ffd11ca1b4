// SPDX-License-Identifier: GPL-2.0

/*
 * Dell WMI events: what mainline's dell-wmi binds to. The host puts the words
 * of an event into NVRAM and raises the interrupt of GED0 (nvram.asl), which
 * notifies this device; the kernel then asks _WED for the words.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "EVENTS", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM.REDY, MethodObj)
    External (\_SB.PCI0.NVRM.HOOK, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)
    External (\_SB.PCI0.NVRM.W32, MethodObj)
    External (\_SB.PCI0.NVRM.RB64, MethodObj)

    Scope (\_SB)
    {
        Device (EVNT)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "EVENTS")

            Name (_WDG, Buffer ()
            {
                // 9DBB5994-A997-11DA-B012-B622A1EF5492, event 0xD0
                0x94, 0x59, 0xBB, 0x9D, 0x97, 0xA9, 0xDA, 0x11,
                0xB0, 0x12, 0xB6, 0x22, 0xA1, 0xEF, 0x54, 0x92,
                0xD0, 0x00, 0x01, 0x08
            })

            Method (_WED, 1, Serialized)
            {
                // No event waiting: a count word of 0.
                Local7 = Buffer (2) { 0x00, 0x00 }
                If (Arg0 != 0xD0) { Return (Local7) }
                If (!\_SB.PCI0.NVRM.REDY ()) { Return (Local7) }
                \_SB.PCI0.NVRM.HOOK (SPACE_OTHER, OTHER_EVENT_DATA, 0, 0)

                Local0 = \_SB.PCI0.NVRM.R32 (NV_EVENT_TAKEN)
                If (Local0 == \_SB.PCI0.NVRM.R32 (NV_EVENT_HEAD)) { Return (Local7) }
                Local1 = \_SB.PCI0.NVRM.RB64 (NV_EVENT_SLOTS +
                    ((Local0 & (NV_EVENT_MAX - 1)) * NV_EVENT_SIZE))
                \_SB.PCI0.NVRM.W32 (NV_EVENT_TAKEN, Local0 + 1)
                Return (Local1)
            }
        }
    }
}
