"""The probability of a bin by its plain definition."""

import mpmath


def upper_tail(name, z):
    return 1 / (1 + mpmath.exp(z)) if name == "logistic" else mpmath.erfc(z / mpmath.sqrt(2)) / 2


def log_interval(name, low, high):
    """log(F(high) - F(low)) on the side where the tails are small."""
    low, high = (-high, -low) if low + high < 0 else (low, high)
    return mpmath.log(upper_tail(name, low) - upper_tail(name, high))


def reference(name, num_symbols, mean, log_scale, symbol):
    """Log-probability of a bin and its derivatives by mean and log-scale, from floats taken as exact."""

    def value(mean, log_scale):
        scale = mpmath.exp(log_scale)
        low = (mpmath.mpf(2 * symbol - num_symbols) / num_symbols - mean) / scale
        high = (mpmath.mpf(2 * symbol + 2 - num_symbols) / num_symbols - mean) / scale
        if symbol == 0:
            return mpmath.log(upper_tail(name, -high))
        return mpmath.log(upper_tail(name, low)) if symbol == num_symbols - 1 else log_interval(name, low, high)

    with mpmath.workdps(60):
        point = mpmath.mpf(mean), mpmath.mpf(log_scale)
        tiny = mpmath.exp(point[1]) * mpmath.mpf(10) ** -25
        by_mean = (value(point[0] + tiny, point[1]) - value(point[0] - tiny, point[1])) / (2 * tiny)
        nudge = mpmath.mpf(10) ** -25
        by_scale = (value(point[0], point[1] + nudge) - value(point[0], point[1] - nudge)) / (2 * nudge)
        return float(value(*point)), float(by_mean), float(by_scale)
