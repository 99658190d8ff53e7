import { UserError } from "../user-error.js"

/**
 * Asks the admin API of a running emulator.
 * @returns its answer
 * @throws UserError when nothing listens there, or it refuses
 */
export async function askAdmin(base: string, method: string, path: string, body?: unknown): Promise<unknown> {
    let response: Response
    try {
        response = await fetch(new URL(path, base), {
            method,
            body: body === undefined ? undefined : JSON.stringify(body),
        })
    } catch (error) {
        const hint = "Start one with `moorage emulate`, or name its admin API with --admin."
        throw new UserError(`No emulator answers at ${base}. ${hint}`, undefined, { cause: error })
    }
    const text = await response.text()
    let answer: unknown
    try {
        answer = JSON.parse(text)
    } catch {
        throw new UserError(
            `What answers at ${base} is not the admin API of an emulator. Name it with --admin.`
        )
    }
    if (response.ok) return answer
    throw new UserError((answer as { error?: string }).error ?? `The emulator answered ${response.status}.`)
}
