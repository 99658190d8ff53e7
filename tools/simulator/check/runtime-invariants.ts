// Invariants for the limits of the DeviceScript runtime and for the log of a board.
import type { EventInvariant } from "./invariant.js"

const SECRET = /SharedAccessSignature|sig=|AccessKey/

export const RUNTIME_INVARIANTS: EventInvariant[] = [
    {
        id: "one-socket",
        sentence: "A board has at most one socket at a time.",
        source: "runtime-facts.md, section 3.1",
        check: ({ kind, status = 0 }) =>
            kind === "dial" && status > 0 ? `connected with ${status} connections open` : undefined,
    },
    {
        id: "no-panic",
        sentence: "The program does not panic, abort or run out of memory.",
        source: "runtime-facts.md, D15",
        check: ({ kind, detail }) => (kind === "panic" ? detail : undefined),
    },
    {
        id: "no-secret",
        sentence: "A log line never contains a key or a token.",
        source: "protocol-facts.md, section 1.3",
        check: ({ detail }, { sim }) =>
            detail !== undefined && (SECRET.test(detail) || detail.includes(sim.options.key))
                ? "a secret was logged"
                : undefined,
    },
]
