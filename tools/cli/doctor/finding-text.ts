// The output of `moorage doctor` on a terminal.
import type { Finding, CheckStatus } from "@moorage/fleet/doctor"

const NAME_CHARS = 13

const LABELS: Record<CheckStatus, string> = { ok: "ok", warn: "warn", fail: "FAIL", skip: "skip" }

/** Returns a finding as a line: `FAIL  TCP 443        127.0.0.1:8443: the connection was refused -> Is the emulator running there?` */
export function findingLine({ status, check, what, cure }: Finding): string {
    const line = `${LABELS[status].padEnd(4)}  ${check.padEnd(NAME_CHARS)}  ${what}${cure === undefined ? "" : ` -> ${cure}`}`
    return line.replaceAll(/\s*[\r\n]+\s*/g, " ")
}

/** Returns the counts as a line: `9 ok, 1 warning, 2 failed, 1 skipped`. */
export function summaryLine({ ok, warn, fail, skip }: Record<CheckStatus, number>): string {
    return `${ok} ok, ${warn} warning${warn === 1 ? "" : "s"}, ${fail} failed, ${skip} skipped`
}
