import { MoorageError } from "@moorage/errors"

const CURE = "Start an emulator with `moorage emulate`, or set its admin API with --admin."

/**
 * Sends a request to the admin API of a running emulator.
 * @returns the response body
 * @throws MoorageError EMULATOR_UNREACHABLE or EMULATOR_REQUEST_REJECTED
 */
export async function callAdminApi(
    base: string,
    method: string,
    path: string,
    body?: unknown
): Promise<unknown> {
    let response: Response
    try {
        response = await fetch(new URL(path, base), {
            method,
            body: body === undefined ? undefined : JSON.stringify(body),
        })
    } catch (error) {
        throw new MoorageError("EMULATOR_UNREACHABLE", `No emulator responds at ${base}.`, {
            cure: CURE,
            cause: error,
        })
    }
    const text = await response.text()
    let answer: unknown
    try {
        answer = JSON.parse(text)
    } catch {
        const what = `The server at ${base} is not the admin API of an emulator.`
        throw new MoorageError("EMULATOR_UNREACHABLE", what, { cure: CURE })
    }
    if (response.ok) return answer
    const { error = `The emulator returned HTTP status ${response.status}.` } = answer as { error?: string }
    throw new MoorageError("EMULATOR_REQUEST_REJECTED", error)
}
