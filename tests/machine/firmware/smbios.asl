// SPDX-License-Identifier: GPL-2.0

/*
 * Dell's SMBIOS calling interface over WMI: what mainline's dell-smbios-wmi
 * and dell-wmi-descriptor bind to.
 *
 * A call is a buffer: u16 class, u16 select, u32 input[4], u32 output[4],
 * then an extension. output[0] is the status:
 *    0  done          -1  completed with an error       -2  no such function
 *
 * What each class does here, and where the simulator had to choose because
 * nothing public says, is in README.md.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "SMBIOS", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM.REDY, MethodObj)
    External (\_SB.PCI0.NVRM.HOOK, MethodObj)
    External (\_SB.PCI0.NVRM.R8, MethodObj)
    External (\_SB.PCI0.NVRM.R16, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)
    External (\_SB.PCI0.NVRM.W32, MethodObj)
    External (\_SB.PCI0.NVRM.LOCA, MethodObj)
    External (\_SB.PCI0.NVRM.LGET, MethodObj)
    External (\_SB.PCI0.NVRM.LSET, MethodObj)

    Scope (\_SB)
    {
        Device (SMBW)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "SMBIOS")

            Name (_WDG, Buffer ()
            {
                // A80593CE-A997-11DA-B012-B622A1EF5492, method WMBA
                0xCE, 0x93, 0x05, 0xA8, 0x97, 0xA9, 0xDA, 0x11,
                0xB0, 0x12, 0xB6, 0x22, 0xA1, 0xEF, 0x54, 0x92,
                0x42, 0x41, 0x01, 0x02,
                // 8D9DDCBC-A997-11DA-B012-B622A1EF5492, data WQBB
                0xBC, 0xDC, 0x9D, 0x8D, 0x97, 0xA9, 0xDA, 0x11,
                0xB0, 0x12, 0xB6, 0x22, 0xA1, 0xEF, 0x54, 0x92,
                0x42, 0x42, 0x01, 0x00
            })

            // Descriptor: signature, interface version 1, calls of 4096
            // bytes, hotfix 1 (user space may call).
            Name (WQBB, Buffer (128)
            {
                0x44, 0x45, 0x4C, 0x4C, 0x20, 0x57, 0x4D, 0x49,
                0x01, 0x00, 0x00, 0x00,
                0x00, 0x10, 0x00, 0x00,
                0x01, 0x00, 0x00, 0x00
            })

            Method (WMBA, 3, Serialized)
            {
                If (SizeOf (Arg2) < 36) { Return (Arg2) }
                CreateWordField (Arg2, 0, CLAS)
                CreateWordField (Arg2, 2, SELE)
                CreateDWordField (Arg2, 4, IN00)
                CreateDWordField (Arg2, 20, OUT0)
                CreateDWordField (Arg2, 24, OUT1)
                CreateDWordField (Arg2, 28, OUT2)
                CreateDWordField (Arg2, 32, OUT3)

                If (!\_SB.PCI0.NVRM.REDY ())
                {
                    OUT0 = 0xFFFFFFFF
                    Return (Arg2)
                }

                Local7 = \_SB.PCI0.NVRM.HOOK (SPACE_SMBIOS, CLAS, SELE, IN00)
                Local6 = DerefOf (Local7[0])
                Local7 = DerefOf (Local7[1])

                // As a firmware that does not know the call: the buffer goes
                // back as it came, whatever the caller had put there.
                If (Local6 == KIND_IGNORE) { Return (Arg2) }

                OUT1 = 0
                OUT2 = 0
                OUT3 = 0
                If (Local6 == KIND_FAIL)
                {
                    OUT0 = Local7
                    Return (Arg2)
                }

                OUT0 = 0xFFFFFFFE
                Switch (ToInteger (CLAS))
                {
                    Case (0) { READ (Arg2) }
                    Case (1) { WRIT (Arg2, Local6) }
                    Case (9) { USER (Arg2) }
                    Case (10) { ADMN (Arg2) }
                    Case (17)
                    {
                        // 3: dell-wmi registers for hotkey events.
                        If (SELE == 3) { OUT0 = 0 }
                    }
                }

                If (Local6 == KIND_READBACK) { OUT1 = Local7 }
                If (Local6 == KIND_STATUS) { OUT0 = Local7 }
                Return (Arg2)
            }

            // Class 0: read the cell at location input[0]. Select 0, 1 and 2
            // (any, battery, AC) show the same cell.
            Method (READ, 1, Serialized)
            {
                CreateWordField (Arg0, 2, SELE)
                CreateDWordField (Arg0, 4, IN00)
                CreateDWordField (Arg0, 20, OUT0)
                CreateDWordField (Arg0, 24, OUT1)
                CreateDWordField (Arg0, 28, OUT2)
                CreateDWordField (Arg0, 32, OUT3)

                If (SELE > 2) { Return }
                OUT0 = 0xFFFFFFFF
                If (IN00 > 0xFFFF) { Return }
                // The first half of an entry at once: value, flags, largest.
                Local0 = \_SB.PCI0.NVRM.R32 (\_SB.PCI0.NVRM.LOCA (IN00))
                If (!((Local0 >> (8 * LOC_FLAGS)) & LOC_PRESENT)) { Return }
                OUT1 = \_SB.PCI0.NVRM.LGET (IN00)
                OUT2 = 0
                OUT3 = Local0 >> (8 * LOC_MAX)
                OUT0 = 0
            }

            // Class 1: write input[1] to location input[0], with the security
            // key input[2] where an administrator password is installed.
            Method (WRIT, 2, Serialized)
            {
                CreateWordField (Arg0, 2, SELE)
                CreateDWordField (Arg0, 4, IN00)
                CreateDWordField (Arg0, 8, IN01)
                CreateDWordField (Arg0, 12, IN02)
                CreateDWordField (Arg0, 20, OUT0)

                If (SELE > 2) { Return }
                OUT0 = 0xFFFFFFFF
                If (IN00 > 0xFFFF) { Return }
                Local0 = \_SB.PCI0.NVRM.R32 (\_SB.PCI0.NVRM.LOCA (IN00))
                Local1 = Local0 >> (8 * LOC_FLAGS)
                If (!(Local1 & LOC_PRESENT)) { Return }
                If (Local1 & LOC_READ_ONLY) { Return }
                If (IN01 > (Local0 >> (8 * LOC_MAX))) { Return }
                If (\_SB.PCI0.NVRM.R32 (NV_PW_SET))
                {
                    If ((IN02 & 0xFFFF) != \_SB.PCI0.NVRM.R32 (NV_PW_KEY))
                    {
                        // Some machines say success and change nothing.
                        If (\_SB.PCI0.NVRM.R32 (NV_PW_SILENT)) { OUT0 = 0 }
                        Return
                    }
                }
                If (Arg1 != KIND_LIE) { \_SB.PCI0.NVRM.LSET (IN00, IN01) }
                OUT0 = 0
            }

            // Class 9: there is never a user password.
            Method (USER, 1, Serialized)
            {
                CreateWordField (Arg0, 2, SELE)
                CreateDWordField (Arg0, 20, OUT0)
                CreateDWordField (Arg0, 24, OUT1)
                If (SELE == 0) { OUT0 = 1 }
                If (SELE == 3)
                {
                    OUT0 = 0
                    OUT1 = 1
                }
            }

            // Class 10: the administrator password.
            Method (ADMN, 1, Serialized)
            {
                CreateWordField (Arg0, 2, SELE)
                CreateDWordField (Arg0, 4, IN00)
                CreateDWordField (Arg0, 20, OUT0)
                CreateDWordField (Arg0, 24, OUT1)
                CreateDWordField (Arg0, 28, OUT2)

                Switch (ToInteger (SELE))
                {
                    // Is it installed? 0 yes, 1 no.
                    Case (0)
                    {
                        OUT0 = 1
                        If (\_SB.PCI0.NVRM.R32 (NV_PW_SET)) { OUT0 = 0 }
                    }
                    // Verify: 8 bytes in input[0..1].
                    Case (1) { VRFY (Arg0, 4, 8) }
                    // Properties: installed, longest, shortest, bit 0 = ASCII.
                    Case (3)
                    {
                        Local0 = 1
                        If (\_SB.PCI0.NVRM.R32 (NV_PW_SET)) { Local0 = 0 }
                        Local0 |= (\_SB.PCI0.NVRM.R32 (NV_PW_MAX_LEN) & 0xFF) << 8
                        Local0 |= (\_SB.PCI0.NVRM.R32 (NV_PW_MIN_LEN) & 0xFF) << 16
                        OUT1 = Local0 | 0x01000000
                        OUT0 = 0
                    }
                    // Verify, long form: input[0] is where in the whole
                    // buffer the password stands.
                    Case (4)
                    {
                        OUT0 = 0xFFFFFFFF
                        If ((IN00 >= 44) && (IN00 <= (SizeOf (Arg0) - NV_PW_TEXT_LEN)))
                        {
                            VRFY (Arg0, IN00, NV_PW_TEXT_LEN)
                        }
                    }
                }
            }

            // Compares Arg2 bytes at Arg1 of the call with the password.
            // Status 0 and the security key in output[1], or status 2. After
            // too many wrong answers the right one is refused as well, until
            // the next power-on.
            Method (VRFY, 3, Serialized)
            {
                CreateDWordField (Arg0, 20, OUT0)
                CreateDWordField (Arg0, 24, OUT1)

                OUT0 = 0xFFFFFFFF
                If (!\_SB.PCI0.NVRM.R32 (NV_PW_SET)) { Return }
                OUT0 = 2
                If (\_SB.PCI0.NVRM.R32 (NV_PW_TRIES) >= \_SB.PCI0.NVRM.R32 (NV_PW_MAX_TRIES)) { Return }

                Local0 = 0
                Local1 = 0
                While (Local0 < NV_PW_TEXT_LEN)
                {
                    Local2 = 0
                    If (Local0 < Arg2) { Local2 = DerefOf (Arg0[Arg1 + Local0]) }
                    If (Local2 != \_SB.PCI0.NVRM.R8 (NV_PW_TEXT + Local0)) { Local1 = 1 }
                    Local0++
                }
                If (Local1)
                {
                    \_SB.PCI0.NVRM.W32 (NV_PW_TRIES, \_SB.PCI0.NVRM.R32 (NV_PW_TRIES) + 1)
                    Return
                }
                \_SB.PCI0.NVRM.W32 (NV_PW_TRIES, 0)
                OUT1 = \_SB.PCI0.NVRM.R32 (NV_PW_KEY)
                OUT0 = 0
            }
        }
    }
}
