"""What an endpoint receives and answers, compared with what its model was trained and measured on."""
