import { defineRule } from "../define-rule.js"

const SLOW_LOOKUP = {
    why: "searches a list from its start at each access. Use an object or an array",
    fact: "1.1",
}
const BROKEN_CLIENT = { why: "loses and mixes up packets. Use devs/mqtt/mqtt-client.ts", fact: "3.4" }
const TAKES_SOCKET = {
    why: "takes the only socket away from MQTT. Use devs/http/http-client.ts",
    fact: "3.1",
}

/** module -> exported name -> the defect and the replacement */
const BROKEN = {
    "@devicescript/runtime": {
        encodeURIComponent: {
            why: "does not encode / + = &. Use percentEncode of devs/encoding/percent-encoding.ts",
            fact: "D14",
        },
        Map: SLOW_LOOKUP,
        Set: SLOW_LOOKUP,
        Number: {
            why: "has a parseInt that returns garbage without a radix. Use the global parseInt",
            fact: "1.2",
        },
    },
    "@devicescript/net": {
        MQTTClient: BROKEN_CLIENT,
        startMQTTClient: BROKEN_CLIENT,
        fetch: TAKES_SOCKET,
        encryptedFetch: TAKES_SOCKET,
    },
}

export const noBrokenImport = defineRule(
    { message: "`{{name}}` of {{module}} {{why}}", fact: "{{fact}}" },
    (context, report) => {
        const check = (node, module, name) => {
            const defect = BROKEN[module]?.[name]
            if (defect) report(node, { name, module, ...defect })
        }
        return {
            ImportSpecifier(node) {
                if (node.importKind !== "type" && node.parent.importKind !== "type")
                    check(node, node.parent.source.value, node.imported.name)
            },
            /** `import * as net` ... `net.fetch` */
            ImportNamespaceSpecifier(node) {
                const [variable] = context.sourceCode.getDeclaredVariables(node)
                for (const { identifier } of variable.references) {
                    const use = identifier.parent
                    if (use.type === "MemberExpression" && use.object === identifier)
                        check(use, node.parent.source.value, use.property.name)
                }
            },
            ExportNamedDeclaration(node) {
                for (const specifier of node.specifiers) {
                    if (node.source) check(specifier, node.source.value, specifier.local.name)
                }
            },
        }
    }
)
