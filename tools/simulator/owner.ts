/** Whose a record in flash is, as devs/agent/config.ts writes it; it has the key in it. */
export function ownerOf(dpsHost: string, idScope: string, key: string): string {
    return `${dpsHost}|${idScope}|${key}|`
}
