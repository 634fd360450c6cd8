"""How good the judgements are: scores on labelled articles, calibration, floors."""
