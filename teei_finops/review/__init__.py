"""The cost review: plan → policies → cost → report.

- plan: `plan_stacks` previews the stacks of a project; `teei_finops.costing.preview` reads previews.
- policies: `policy_results` collects what the policy pack reported on each plan.
- cost: `teei_finops.costing.costs` estimates each resource before and after, and checks the budgets.
- report: `report` joins the three into one document, whose keys are in `report_schema`; `outcome` says
  whether the change is blocked, and `render` writes the report in each format.

`stack_review` runs all four steps for the stacks of a project; `cli` is the command line.
"""
