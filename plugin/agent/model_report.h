/* What is told of the model as a whole, for all databases of the process. */
#ifndef LODE_AGENT_MODEL_REPORT_H
#define LODE_AGENT_MODEL_REPORT_H

#include "advise/advisor.h"
#include "base/json.h"
#include "record/metrics.h"

void lode_model_json(struct lode_advisor *a, struct lode_json *j); /* member "model"; nothing for advisors that cost nothing. Any thread */
void lode_model_metrics(struct lode_advisor *a, struct lode_expo *e);

#endif
