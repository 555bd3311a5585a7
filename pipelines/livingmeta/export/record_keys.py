"""Every key of a record: what it holds, its type and its unit; the published schema is made of this.

A key is `name: (type, description)`; the type is a word of JSON Schema, with `?` where null is
legal. Numbers are on the analysis scale (logarithm of a ratio, Fisher's z of a correlation, the
value itself of a difference) unless the description says otherwise.
"""

Keys = dict[str, tuple[str, str]]

FIT: Keys = {
    "measure": ("string?", "Effect measure: OR, RR, RD, HR, ZCOR ..."),
    "method": ("string?", "Model: REML, DL, ..., EE for equal effects, MH for Mantel-Haenszel, PETO."),
    "test": ("string?", "How the interval is made: adhoc, knha or z."),
    "k": ("integer?", "Studies in the estimate."),
    "estimate": ("number?", "Pooled estimate, or the only study's own. Analysis scale."),
    "se": ("number?", "Standard error of the estimate. Analysis scale."),
    "statistic": ("number?", "Test statistic of the estimate: t or z, by `test`."),
    "p_value": ("number?", "Two-sided p-value of the estimate, 0 to 1."),
    "ci_lower": ("number?", "Lower confidence limit. Analysis scale."),
    "ci_upper": ("number?", "Upper confidence limit. Analysis scale."),
    "level": ("number?", "Level of all intervals, in percent."),
    "df": ("number?", "Degrees of freedom of the interval, null for a z interval."),
    "pi_lower": ("number?", "Lower limit of the prediction interval. Analysis scale."),
    "pi_upper": ("number?", "Upper limit of the prediction interval. Analysis scale."),
    "pi_df": ("number?", "Degrees of freedom of the prediction interval."),
    "tau2": ("number?", "Variance between studies. Squared analysis scale."),
    "tau2_ci_lower": ("number?", "Lower limit of tau2 by the Q-profile method. Squared analysis scale."),
    "tau2_ci_upper": ("number?", "Upper limit of tau2 by the Q-profile method. Squared analysis scale."),
    "i2": ("number?", "I2 from tau2, in percent."),
    "h2": ("number?", "H2 from tau2, a ratio of variances."),
    "i2_q": ("number?", "I2 from Q, in percent."),
    "h2_q": ("number?", "H2 from Q, Q divided by its degrees of freedom."),
    "q": ("number?", "Cochran's Q."),
    "q_df": ("integer?", "Degrees of freedom of Q."),
    "q_p": ("number?", "p-value of Q, 0 to 1."),
    "se_tau2": ("number?", "Standard error of tau2. Squared analysis scale."),
    "log_likelihood": ("number?", "Log-likelihood of the model, restricted for REML."),
    "aic": ("number?", "Akaike's information criterion."),
    "bic": ("number?", "Bayesian information criterion."),
    "aicc": ("number?", "Akaike's information criterion, corrected for small samples."),
}
DISPLAY: Keys = {
    "estimate": ("number?", "Estimate on the natural scale: the ratio, the correlation, the difference."),
    "ci_lower": ("number?", "Lower confidence limit on the natural scale."),
    "ci_upper": ("number?", "Upper confidence limit on the natural scale."),
    "pi_lower": ("number?", "Lower limit of the prediction interval on the natural scale."),
    "pi_upper": ("number?", "Upper limit of the prediction interval on the natural scale."),
}
OWN: Keys = {
    "release": ("string", 'Version that the record belongs to; "unreleased" for what no version holds.'),
    "hash": ("string", "First eight hex digits of the SHA-256 of the record, as stamps carry them."),
    "id": ("string", "Id of the question."),
    "part": ("string", "Part of the book."),
    "title": ("string", "Title of the question."),
    "scale": ("string", "Scale of the analysis: log, fisher_z, identity, logit ..."),
    "pooled": ("boolean", "Whether several studies were pooled."),
    "reason": ("string", "Why nothing is pooled; blank where something is."),
    "participants": ("number?", "Participants in the studies of the estimate, null where not recorded."),
}
STUDY: Keys = {
    "study": ("string", "Name of the study."),
    "effect_id": ("string?", "Key of the row that the effect comes from."),
    "yi": ("number", "Effect size. Analysis scale."),
    "vi": ("number", "Sampling variance. Squared analysis scale."),
    "weight": ("number?", "Weight in the estimate, in percent; null where nothing is fitted."),
}
EXCLUDED: Keys = {
    "line": ("integer", "Line of the row in its file; the header is line 1."),
    "study": ("string", "Name of the study."),
    "reason": ("string", "Why the row did not enter."),
}
SENSITIVITY: Keys = {
    "name": ("string", "Name of the analysis."),
    "difference": ("string", "What differs from the main model."),
    "reason": ("string", "Why there is no estimate; blank where there is one."),
}
GROUP: Keys = {
    "label": ("string", "Name of the group."),
    "participants": ("number?", "Participants in the group, null where not recorded."),
    "reason": ("string", "Why there is no estimate; blank where there is one."),
}
BETWEEN: Keys = {
    "statistic": ("number", "Test statistic of the difference between groups."),
    "df": ("integer", "Its degrees of freedom."),
    "df_residual": ("number?", "Its residual degrees of freedom, null for a chi-square test."),
    "p_value": ("number", "Its p-value, 0 to 1."),
    "tau2": ("number?", "Residual variance between studies, one for all groups. Squared analysis scale."),
    "method": ("string", "Model of the comparison."),
    "test": ("string", "Test of the comparison."),
}
SPECIFICATION: Keys = {
    "measure": ("string", "Effect measure."),
    "method": ("string", "Model."),
    "test": ("string", "How the interval is made."),
    "zero": ("string", "To which tables something is added."),
    "rows": ("string", "Which choice of rows."),
    "k": ("integer", "Studies in the estimate."),
    "estimate": ("number", "Estimate on the natural scale."),
    "ci_lower": ("number", "Lower confidence limit on the natural scale."),
    "ci_upper": ("number", "Upper confidence limit on the natural scale."),
    "is_main": ("boolean", "Whether this is the main model."),
}
MULTIVERSE: Keys = {
    "n": ("integer", "Analyses."),
    "estimate_lowest": ("number", "Lowest estimate on the natural scale."),
    "estimate_highest": ("number", "Highest estimate on the natural scale."),
}
ONE_TABLE: Keys = {
    "risk_treatment": ("number", "Proportion with the event under treatment, 0 to 1."),
    "risk_control": ("number", "Proportion with the event under control, 0 to 1."),
    "difference": ("number", "Risk difference, -1 to 1."),
    "difference_ci_lower": ("number", "Its lower confidence limit."),
    "difference_ci_upper": ("number", "Its upper confidence limit."),
    "difference_method": ("string", "How the limits are made: Newcombe or Wald."),
    "p_exact": ("number", "Two-sided p-value of Fisher's exact test, 0 to 1."),
    "has_zero": ("boolean", "Whether a cell of the table is zero."),
}
TRIM_AND_FILL: Keys = {
    "estimator": ("string", "Estimator of the number of missing studies."),
    "side": ("string", "Where studies are missing: left or right."),
    "k0": ("integer", "Studies filled in."),
    "k": ("integer", "Studies with those filled in."),
    "estimate": ("number", "Mean with the filled studies. Analysis scale."),
    "se": ("number", "Its standard error."),
    "ci_lower": ("number", "Lower limit of its z interval. Analysis scale."),
    "ci_upper": ("number", "Upper limit of its z interval. Analysis scale."),
}
SLOPE: Keys = {
    "intercept": ("number", "Effect expected of a very large study. Analysis scale."),
    "intercept_se": ("number", "Its standard error."),
    "slope": ("number", "Slope on the predictor: the variance for PEESE, one over n for Peters."),
    "slope_se": ("number", "Its standard error."),
    "statistic": ("number", "t statistic of the slope."),
    "df": ("integer", "Degrees of freedom."),
    "p_value": ("number", "p-value of the slope, 0 to 1."),
    "intercept_ci_lower": ("number", "Lower limit of the intercept. Analysis scale."),
    "intercept_ci_upper": ("number", "Upper limit of the intercept. Analysis scale."),
}
PICO: Keys = {
    "question": ("string", "The question in words."),
    "population": ("string", "Who was studied."),
    "intervention": ("string", "Intervention or exposure."),
    "comparator": ("string", "What it is compared with."),
    "outcome": ("string", "What was counted or measured."),
    "designs": ("string", "Designs of the studies."),
}
VERDICT: Keys = {
    "status": ("string", "conflict, pooled, one (trial) or shown (not pooled)."),
    "headline": ("string", "The answer in a line."),
    "sentence": ("string", "The sentence that the page leads with, made by rule."),
    "note": ("string", "What a reader has to bear in mind with it; may be blank."),
    "answer": ("string", "The answer for a table of all questions."),
    "symbol": ("string", "How the measure of its number is printed."),
    "scale": ("string", "Scale of the analysis that its number comes from."),
    "k": ("integer?", "Studies behind its number, which may be those of one subgroup."),
    "participants": ("number?", "Participants in these studies, null when one is unknown."),
    "method": ("string?", "Model behind its number."),
    "test": ("string?", "Kind of interval behind its number."),
}
RISK_OF_BIAS: Keys = {
    "status": ("string", "not assessed, x of y assessed, or assessed."),
    "assessed": ("integer", "Results with an overall judgement."),
    "of": ("integer", "Results of the main analysis; all of the question where nothing is pooled."),
    "rule": ("string", "Which instrument belongs to which result."),
}
APPRAISED: Keys = {
    "effect_id": ("string", "Key of the row that was judged."),
    "study": ("string", "Name of the study."),
    "tool": ("string", "Instrument used, or the one that belongs to the row; blank where none fits."),
    "overall": ("string", 'Overall judgement in the words of the instrument, or "not assessed".'),
}
CERTAINTY: Keys = {
    "status": ("string", "not assessed, assessed in part, or assessed."),
    "overall": ("string", 'Certainty of the evidence by GRADE, or "not assessed".'),
}
RATED: Keys = {
    "domain": ("string", "Domain of GRADE."),
    "title": ("string", "Its name."),
    "judgement": ("string", 'What people judged, or "not assessed".'),
    "reason": ("string", "What the judgement rests on; may be blank."),
    "assessor": ("string", "Who judged; blank where nobody did."),
    "assessed_on": ("string", "Day of the judgement; blank where not recorded."),
}
SUGGESTION: Keys = {
    "domain": ("string", "Domain of GRADE that the rule looks at; a suggestion is no rating."),
    "level": ("string", "no, some or serious concern suggested, or no suggestion."),
    "text": ("string", "What the rule saw, in words."),
    "rule": ("string", "The rule in words."),
    "overruled": ("boolean", "Whether a person has judged the domain, which then counts instead."),
}
ABSOLUTE: Keys = {
    "baseline_risk": ("number?", "Risk without the treatment, 0 to 1."),
    "baseline_events": ("number?", "Events behind it, null where only a risk is stated."),
    "baseline_n": ("number?", "People behind it, null where only a risk is stated."),
    "baseline_source": ("string?", "Where the risk comes from."),
    "risk": ("number?", "Risk with the treatment, 0 to 1."),
    "difference": ("number?", "Difference of the two risks, -1 to 1."),
    "difference_ci_lower": ("number?", "Its lower confidence limit."),
    "difference_ci_upper": ("number?", "Its upper confidence limit."),
    "formula": ("string?", "How the risk was worked out."),
    "reason": ("string", "Why there is no absolute effect; blank where there is one."),
}
ENTRY: Keys = {
    "id": ("string", "Id of the question."),
    "part": ("string", "Part of the book."),
    "title": ("string", "Title of the question."),
    "record": ("string", "Address of the record, relative to this file."),
    "effect_sizes": ("string", "Address of the effect sizes, relative to this file."),
    "page": ("string", "Address of the page, relative to this file."),
}
WHOLE: Keys = {
    "release": ("string", 'Version; "unreleased" for what no version holds.'),
    "date": ("string", 'Day of the release or commit, YYYY-MM-DD, or "not recorded".'),
    "commit": ("string", 'Short hash of the commit it was made from, or "not recorded".'),
    "hash": ("string", "First eight hex digits of a SHA-256 over the hashes of all records."),
}
VERSION: Keys = {
    "version": ("string", 'Version of this site; "unreleased" for what no version holds.'),
    "kind": ("string?", "Why it was released: new-search, correction, curation or method."),
    "date": ("string?", "Day of the release or commit, YYYY-MM-DD."),
    "commit": ("string?", "Short hash of the commit it was made from."),
    "previous": ("string?", "The version before."),
    "newest": ("string?", "The newest version known when this one was made."),
}
