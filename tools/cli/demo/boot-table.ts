/** Measurements of one boot or one reprovisioning. */
export interface BootReport {
    kind: "cold" | "warm" | "reprovision"
    tlsHandshakes: number
    dpsRegistrations: number
    lookups: number
    bytesSent: number
    bytesReceived: number
    /** From power-on or from the method call to the CONNACK of the hub; null when the board did not moor. */
    mooredMs: number | null
}

export interface BoardReport {
    id: string
    image: string
    boots: BootReport[]
    /** Maximum GC heap use at the end of a VM run, garbage included. This is an upper bound of the live data. */
    peakHeapBytes: number
    panics: number
}

const COLUMNS = [
    "board",
    "image",
    "boot",
    "TLS",
    "registrations",
    "lookups",
    "sent B",
    "received B",
    "moored",
    "peak heap",
]

function row(board: BoardReport, boot: BootReport): string[] {
    return [
        board.id,
        board.image,
        boot.kind,
        String(boot.tlsHandshakes),
        String(boot.dpsRegistrations),
        String(boot.lookups),
        String(boot.bytesSent),
        String(boot.bytesReceived),
        boot.mooredMs === null ? "never" : `${(boot.mooredMs / 1000).toFixed(2)} s`,
        `${(board.peakHeapBytes / 1024).toFixed(1)} KB`,
    ]
}

/** Returns the result table as lines of text. */
export function formatTable(boards: BoardReport[]): string[] {
    const rows = [COLUMNS, ...boards.flatMap(board => board.boots.map(boot => row(board, boot)))]
    const widths = COLUMNS.map((_, i) => Math.max(...rows.map(cells => cells[i].length)))
    const lines = rows.map(cells =>
        cells.map((cell, i) => (i < 3 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ")
    )
    lines.splice(1, 0, widths.map(width => "-".repeat(width)).join("  "))
    return lines
}
