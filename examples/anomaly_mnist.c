/* Learns nine digits of MNIST, or of those that it draws itself, and tells how well the tenth is told from them. */
#include "anomaly_table.h"
#include "mnist.h"
#include "mnist_defaults.h"
#include "train.h"

int main(int argc, char **argv)
{
    static const train_program program = {
        .kind = &train_of_anomalies,
        .name = "anomaly_mnist",
        .summary = "Learns nine digits of MNIST, or of digits that it draws itself, and measures how well the model "
                   "tells the\n"
                   "tenth from them: AUROC and AUPRC by several scores, in both splits that are in use.",
        .out = "out-anomaly",
        .epochs = 16,
        .batch = 100,
        .models_kept = MOST_EPOCHS_SCORED,

        MNIST_DEFAULTS,
        .posterior_steps = 3,
        .first_visit_steps = 20,
        .generator_learning_rate = 3e-3,
        .decay_per_epoch = .75,

        .score_steps = 20,
        .score_chains = 4,
    };
    return train_main(argc, argv, &program);
}
