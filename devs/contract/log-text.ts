// The log lines of the board that host tools read. The firmware inlines these texts; `log-patterns.ts` has the patterns
// of the whole lines. Pure.

export const enum LogText {
    /** `boot <boot ID> <image> <registration ID>` */
    Boot = "boot ",
    /** `<event>; next in <n> s` */
    Next = "; next in ",
    /** `slot in <n> s` */
    Slot = "slot in ",
    Registering = "registering",
    /** The host name of a hub follows `Known`, `Assigned`, `Connecting` and `Moored`. */
    Known = "known ",
    Assigned = "assigned ",
    Connecting = "connecting ",
    Moored = "moored ",
    Stored = "record stored",
    Reprovision = "reprovisioning requested",
    ButtonHeld = "button held",
    Renewal = "token renewal",
    /** `setting <name> is missing or malformed` */
    Setting = "setting ",
    Malformed = " is missing or malformed",
    Restarted = "restarted after a panic",
    PlannedReboot = "planned reboot",
    WatchdogReboot = "watchdog reboot",
}
