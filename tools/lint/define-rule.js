/** @typedef {import("eslint").Rule.RuleContext} Context */
/** @typedef {(node: object, data?: object) => void} Report places the message at a node */

/**
 * A rule with one message.
 * @param {string} message what goes wrong on the board, and the cure; names the entry of facts/devicescript.md
 * @param {(context: Context, report: Report) => import("eslint").Rule.RuleListener} create
 */
export function rule(message, create) {
    return {
        meta: { type: "problem", schema: [], messages: { trap: message } },
        create(context) {
            return create(context, (node, data = {}) => context.report({ node, messageId: "trap", data }))
        },
    }
}
