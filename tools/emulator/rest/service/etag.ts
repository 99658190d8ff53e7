import { ServiceError } from "./service-errors.js"

/** An ETag without its quotes: the SDKs send it both ways. */
function bare(text: string): string {
    return text.trim().replace(/^"(.*)"$/, "$1")
}

/** @throws ServiceError 412 when If-Match is given and is neither `*` nor `etag` */
export function requireMatch(headers: Record<string, string>, etag: string): void {
    const wanted = headers["if-match"]
    if (wanted === undefined || bare(wanted) === "*" || bare(wanted) === etag) return
    throw new ServiceError(412, 412001, "ETag is invalid: If-Match is not the one of the resource.")
}

/** As the header has it. */
export function etagHeader(etag: string): Record<string, string> {
    return { ETag: `"${etag}"` }
}
