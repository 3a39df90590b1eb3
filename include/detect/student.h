/* Student's t distribution: how likely is a difference of two means by chance? Pure. Thread: any. */
#ifndef AUSPEX_DETECT_STUDENT_H
#define AUSPEX_DETECT_STUDENT_H

/* Two-sided p-value of |t| with df > 0 degrees of freedom: I_{df/(df+t^2)}(df/2, 1/2), the regularised incomplete beta function
 * (Abramowitz & Stegun 26.5.27, 26.7.1). Relative error, from 1 down to 1e-300: below 1e-12 up to df = 10 000,
 * below 1e-9 up to 10 million. Takes 0.1 to 1 us, whatever df. An infinite t gives 0, NaN gives NaN. */
double student_p(double t, double df);

#endif
