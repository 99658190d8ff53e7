import type { Linter, Rule } from "eslint"

export const rules: Record<string, Rule.RuleModule>
export const errorRules: Linter.RulesRecord
export const relaxedInTests: Linter.RulesRecord
