// SPDX-License-Identifier: GPL-2.0

/*
 * Dell's privacy block: which of microphone, camera and privacy screen have a
 * hardware switch, and how it stands. Debian builds no driver for it, so that
 * anyone may query it.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "PRIVACY", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM.REDY, MethodObj)
    External (\_SB.PCI0.NVRM.HOOK, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)

    Scope (\_SB)
    {
        Device (PRIV)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "PRIVACY")

            Name (_WDG, Buffer ()
            {
                // 6932965F-1671-4CEB-B988-D3AB0A901919, data WQPB
                0x5F, 0x96, 0x32, 0x69, 0x71, 0x16, 0xEB, 0x4C,
                0xB9, 0x88, 0xD3, 0xAB, 0x0A, 0x90, 0x19, 0x19,
                0x50, 0x42, 0x01, 0x00
            })

            Method (WQPB, 1, Serialized)
            {
                Local0 = Buffer (8) {}
                CreateDWordField (Local0, 0, PHAS)
                CreateDWordField (Local0, 4, PNOW)
                If (\_SB.PCI0.NVRM.REDY ())
                {
                    \_SB.PCI0.NVRM.HOOK (SPACE_OTHER, OTHER_PRIVACY, 0, 0)
                    PHAS = \_SB.PCI0.NVRM.R32 (NV_PRIVACY_HAS)
                    PNOW = \_SB.PCI0.NVRM.R32 (NV_PRIVACY_NOW)
                }
                Return (Local0)
            }
        }
    }
}
