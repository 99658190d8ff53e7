// The status and the flash contents of a board as text.
import type { DevBoardStatus, FlashContents } from "@moorage/fleet/devboard"

const onOff = (isOn: boolean) => (isOn ? "on" : "off")

/** Returns a duration as `1:05` or `2:03:07`. */
function clockTime(ms: number): string {
    const sec = Math.floor(ms / 1000)
    const [h, m, s] = [Math.floor(sec / 3600), Math.floor(sec / 60) % 60, sec % 60]
    const two = (n: number) => String(n).padStart(2, "0")
    return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

function heapText({ heapBytes, heapMaxBytes }: DevBoardStatus): string {
    const max = heapMaxBytes / 1024
    return heapBytes === undefined
        ? `heap of ${max} KB`
        : `heap ${(heapBytes / 1024).toFixed(1)} of ${max} KB`
}

/** Joins parts into lines of at most `width` characters. A longer part gets its own line. */
export function wrapParts(parts: string[], separator: string, width: number): string[] {
    const lines: string[] = []
    for (const part of parts) {
        const longer = lines.length > 0 ? `${lines.at(-1)}${separator}${part}` : part
        if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer
        else lines.push(part)
    }
    return lines
}

/** Returns the parts of the status line. */
export function statusParts(status: DevBoardStatus): string[] {
    const { isOn, isWifiOn, activity, light, isLit, flashWrites, uptimeMs } = status
    return [
        `power ${onOff(isOn)}`,
        `Wi-Fi ${onOff(isWifiOn)}`,
        activity,
        `${isLit ? "●" : "○"} ${light}`,
        heapText(status),
        `${flashWrites} flash write${flashWrites === 1 ? "" : "s"}`,
        ...(uptimeMs === undefined ? [] : [`up ${clockTime(uptimeMs)}`]),
    ]
}

/** Returns the flash contents, one entry per line. */
export function flashLines({ programBytes, settings, ssid, record }: FlashContents): string[] {
    const rows: [string, string][] = [
        ["program", programBytes === null ? "none" : `${programBytes} bytes of bytecode`],
        ["Wi-Fi", ssid === null ? "no network" : `${ssid}, password (hidden)`],
        ...Object.entries(settings).map(([name, value]): [string, string] => [name, String(value)]),
        [
            "record",
            typeof record === "string"
                ? record
                : `hub ${record.hub}, device ${record.deviceId}, token expires ${new Date(record.expirySec * 1000).toISOString()}`,
        ],
    ]
    const width = Math.max(...rows.map(([name]) => name.length))
    return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}
