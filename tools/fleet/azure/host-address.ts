export interface HostAddress {
    host: string
    port: number
}

/** `127.0.0.1:8443`, `[::1]:8443` or `host:8443`; undefined when it is none of these. */
export function parseHostAddress(text: string): HostAddress | undefined {
    const match = /^(?:\[([0-9a-f:]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text)
    const port = Number(match?.[3])
    return match && port >= 1 && port <= 65_535 ? { host: match[1] ?? match[2], port } : undefined
}
