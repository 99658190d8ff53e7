/** One boot (or reprovisioning) of a board, as measured. */
export interface BootReport {
    kind: "cold" | "warm" | "reprovision"
    tlsHandshakes: number
    dpsRegistrations: number
    lookups: number
    bytesSent: number
    bytesReceived: number
    /** From power-on, or from the method call, to the hub's CONNACK; null when it did not moor. */
    mooredMs: number | null
}

export interface BoardReport {
    id: string
    image: string
    boots: BootReport[]
    /** Most bytes in use in the GC heap at the end of any wake, garbage included: an upper bound of what lived. */
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

/** The closing table, as lines of text. */
export function formatTable(boards: BoardReport[]): string[] {
    const rows = [COLUMNS, ...boards.flatMap(board => board.boots.map(boot => row(board, boot)))]
    const widths = COLUMNS.map((_, i) => Math.max(...rows.map(cells => cells[i].length)))
    const lines = rows.map(cells =>
        cells.map((cell, i) => (i < 3 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ")
    )
    lines.splice(1, 0, widths.map(width => "-".repeat(width)).join("  "))
    return lines
}
